"""Sections of the config that name components, with the components' settings beside the names.

`algorithm: {loss: cpgd, drift: 0.1}`: `drift` belongs to the loss cpgd, which registered it. So a new loss brings its
settings along, and a setting that none of the named components reads is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workbench.errors import UserError
from workbench.registry import Registry

T = TypeVar("T")
# A component that is chosen by name, or None where none is.
Choice = tuple[Registry[Any], str | None]


class Section(BaseModel):
    """A part of the config. An unknown key is an error."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), frozen=True, use_attribute_docstrings=True)


class ComponentSection(Section):
    """`COMPONENTS` maps each field that names a component to the registry of its kind.

    A validated section has the settings of its components as attributes, defaults filled in.
    """

    model_config = ConfigDict(extra="allow")
    COMPONENTS: ClassVar[Mapping[str, Registry[Any]]] = {}
    _settings: dict[str, BaseModel | None] = PrivateAttr(default_factory=dict)

    @field_validator("*")
    @classmethod
    def _is_registered(cls, value: Any, info: Any) -> Any:
        if info.field_name in cls.COMPONENTS and value is not None:
            cls.COMPONENTS[info.field_name][value]
        return value

    @model_validator(mode="after")
    def _components_read_their_settings(self) -> "ComponentSection":
        extra = self.__pydantic_extra__
        assert extra is not None
        chosen = [(registry, getattr(self, field)) for field, registry in self.COMPONENTS.items()]
        settings = read_settings(extra, chosen, reserved=type(self).model_fields)
        self._settings = dict(zip(self.COMPONENTS, settings, strict=True))
        extra.clear()
        for values in settings:
            extra.update(dict(values or ()))
        return self

    def component(self, field: str) -> Callable[..., Any]:
        """The function that the field names, with its settings given."""
        return self.COMPONENTS[field].bind(getattr(self, field), self._settings[field])

    @classmethod
    def without_unread(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """`values` without the keys that only components other than the named ones read."""
        fields = cls.model_fields
        chosen = [(registry, values.get(field, fields[field].default)) for field, registry in cls.COMPONENTS.items()]
        own = {key: value for key, value in values.items() if key in fields}
        return own | without_unread_settings({k: v for k, v in values.items() if k not in own}, chosen)


def validated(kind: type[T], value: Any, *where: str) -> T:
    """The value as pydantic reads it into `kind`. What is wrong is pydantic's ValidationError, its place below `where`.

    For one branch of a union: pydantic itself would report what is wrong with every branch.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        details = [
            InitErrorDetails(
                type=item["type"], loc=(*where, *item["loc"]), input=item["input"], ctx=item.get("ctx", {})
            )
            for item in error.errors()
        ]
        raise ValidationError.from_exception_data("settings", details) from error


def read_settings(
    given: Mapping[str, Any], chosen: Sequence[Choice], reserved: Mapping[str, Any] | None = None
) -> list[BaseModel | None]:
    """The settings of each chosen component, None for one that takes none.

    Raises pydantic's ValidationError for a bad value or a key that no component of these kinds has, UserError for a key
    that only others read or that is ambiguous. A key that nobody reads may be null: that is how an override removes it.
    """
    owners: dict[str, str] = dict.fromkeys(reserved or {}, "the section itself")
    for registry, name in chosen:
        for key in setting_names(registry, name):
            owner = f"the {registry.kind} {name}"
            if key in owners:
                raise UserError(f"{key} is a setting of {owners[key]} and of {owner}; one of them must rename it")
            owners[key] = owner
    for key, value in given.items():
        if key not in owners and value is not None:
            if readers := _readers(key, chosen):
                raise UserError(f"{key} is set, but only {readers}; leave it out or set it to null")
            detail = InitErrorDetails(type="extra_forbidden", loc=(key,), input=value)
            raise ValidationError.from_exception_data("settings", [detail])
    classes = [registry.settings(name) if name is not None else None for registry, name in chosen]
    return [
        settings.model_validate({key: given[key] for key in settings.model_fields if key in given})
        if settings
        else None
        for settings in classes
    ]


def without_unread_settings(given: Mapping[str, Any], chosen: Sequence[Choice]) -> dict[str, Any]:
    """The settings that a chosen component reads, and those that none has."""
    read = {key for choice in chosen for key in setting_names(*choice)}
    return {key: value for key, value in given.items() if key in read or not _readers(key, chosen)}


def setting_names(registry: Registry[Any], name: str | None) -> list[str]:
    """The keys that a component reads."""
    settings = registry.settings(name) if name is not None else None
    return list(settings.model_fields) if settings else []


def _readers(key: str, chosen: Sequence[Choice]) -> str:
    """Which components of the chosen ones' kinds read the key, as "the losses a and b read it, not c"; or ""."""
    words = []
    for registry in dict.fromkeys(registry for registry, _ in chosen):
        names = [name for name in registry if key in setting_names(registry, name)]
        others = [name for other, name in chosen if other is registry and name is not None]
        if names:
            kind, verb = (registry.kind, "reads") if len(names) == 1 else (registry.plural, "read")
            words.append(f"the {kind} {' and '.join(names)} {verb} it{', not ' if others else ''}{' or '.join(others)}")
    return " and ".join(words)
