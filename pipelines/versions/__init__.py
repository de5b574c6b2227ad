"""Dataset versions: their descriptions, differences, removal, and their exports with licences and a card."""
