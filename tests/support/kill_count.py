"""How many kills a crash test makes."""


def kill_count(config, sanitizers):
    return config.getoption("--kills") or (200 if config.getoption("--torture") else 4 if sanitizers else 20)
