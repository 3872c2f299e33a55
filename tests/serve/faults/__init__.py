"""Faults under load.

Ray reads at its import that the cluster has a token, so this is set before.
"""

import os

from operate.ray_environment import ray_environment

os.environ |= {
    name: value for name, value in ray_environment().items() if name.startswith("RAY_AUTH")
}
