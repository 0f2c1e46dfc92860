"""What runs in the isolated child, a program of its own: `python -I`, these files, and the packages it needs.

It sees nothing else of this project, so its files import each other relatively and know numpy and the one runtime
of their format only. Its folder of inputs holds task.json, the model, and 0.npy, 1.npy, … in the order of the
features.
"""
