"""Plug-ins: files and modules outside our packages that register components of their own.

A plug-in is named by `--plugin`, by `plugins:` in a config or recipe, by the variable EUREKA_PLUGINS, or by an entry
point of the group `eureka.plugins`. Each is loaded once; processes that this one starts load the same.
"""

from workbench.plugins.loading import VARIABLE, PlugIn, load_plugins, loaded_plugins, named_plugins, unload_plugins
from workbench.plugins.records import not_loaded, plugin_records, plugins_that_brought, require_plugins
from workbench.plugins.source import find_source

__all__ = [
    "VARIABLE",
    "PlugIn",
    "find_source",
    "load_plugins",
    "loaded_plugins",
    "named_plugins",
    "not_loaded",
    "plugin_records",
    "plugins_that_brought",
    "require_plugins",
    "unload_plugins",
]
