"""What `eureka serve` runs: vLLM's API server, with plug-ins loaded in every process of it.

Plug-ins are loaded on import, since the processes that vLLM spawns import this module before anything else; a model's
family may register its class with vLLM.
"""

from workbench.plugins import load_plugins

load_plugins()

if __name__ == "__main__":
    from vllm.entrypoints.launchers.api_server.entry import main

    main()
