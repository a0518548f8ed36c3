"""The doctor's checks, one a file: each looks at one thing that Loopcast stands on."""
