"""How speech is made: script → turns → ids → codes → sound → dialogue. Start in `dialogue.py`."""
