"""Dataset versions: their manifests, descriptions, differences, removal, and their exports with licences and a card."""
