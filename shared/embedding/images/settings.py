"""Settings of the ranking by subject."""

from pydantic import BaseModel, ConfigDict


class SubjectSettings(BaseModel):
    """Whether images are also ranked by what they show."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    subject_ranking: bool = True
    """Whether an image encoder compares what images show with the user's references. Each feed then
    weighs subject and look by what separates the user's likes from the dislikes. `false` ranks by
    the five elements of the look alone."""
