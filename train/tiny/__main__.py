"""`python -P -m train.tiny`."""

import typer

from train.tiny.pretrain import main

typer.run(main)
