KIND = "rye"
