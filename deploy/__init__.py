"""Every way to run Loopcast: the stack of one machine, the demo, configurations for servers."""
