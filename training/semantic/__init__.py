"""The semantic tokenizer: its encoder, and the clusters that are its alphabet."""
