"""`make fuzz`: the running gateway against the description that it gives of itself."""
