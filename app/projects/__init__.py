"""What a visitor works on: a spoken dialogue with its takes, kept between visits."""
