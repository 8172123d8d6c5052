"""The campaign: the real command against the emulator, with every fault that it has."""
