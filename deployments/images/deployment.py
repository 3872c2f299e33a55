"""The images deployment: which engine an image model gets."""

from typing import ClassVar

from deployments.base import ModelDeployment


class ImagesDeployment(ModelDeployment):
    """A replica of an image model."""

    engines: ClassVar = {"diffusers": "deployments.images.diffusers.engine:DiffusersEngine"}
