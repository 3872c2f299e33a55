"""The images deployment: which engine an image model gets."""

from deployments.base import Engine, ModelDeployment
from deployments.config import resolve_model
from deployments.images.config import ImagesConfig


class ImagesDeployment(ModelDeployment):
    """A replica of an image model."""

    async def build_engine(self, config: ImagesConfig) -> Engine:
        """Load the model with the backend its config names. The library is imported only here."""
        resolve_model(config.model)  # a wrong path is told before the library's slow import
        match config.backend:
            case "diffusers":
                from deployments.images.diffusers_engine import DiffusersEngine

                return await DiffusersEngine.load(config)
