"""From rewards to gradients: rewards, filters, advantages, group weights, losses, penalties and corrections."""
