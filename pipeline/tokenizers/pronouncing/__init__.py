"""What is known of single English words: their phones, and which reading a sentence means."""
