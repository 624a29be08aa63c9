"""SoundStorm: trained, and calibrated for 8 bits."""
