"""How marshmallow's schemas and fields become components of the OpenAPI document."""

from inspect import getdoc
from typing import Any

from apispec import BasePlugin
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema
from marshmallow.fields import Field

from tasks_api.http.fields import Answer, Choice, Either, Strict


class Converter(OpenAPIConverter):
    """apispec's converter; each schema gets its docstring as description, each choice a name."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        """Return the component of a schema."""
        described: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        if isinstance(schema, Strict) and not isinstance(schema, Answer):
            # A client may send them back; a type that has them would promise that they are read.
            for name in schema.dump_fields.keys() - schema.load_fields.keys():
                del described["properties"][name]
        elif described.get("additionalProperties") is False:
            # A release may add members to answers.
            del described["additionalProperties"]
        return {"description": getdoc(type(schema)), **described}

    def field2property(self, field: Field[Any]) -> dict[str, Any]:
        """Return the property of a field, with references where there are components."""
        described: dict[str, Any] = super().field2property(field)
        if isinstance(field, Either):
            described["oneOf"] = [*map(self.resolve_nested_schema, field.schemas)]
        if isinstance(field, Choice):
            del described["type"], described["enum"]
            # In OpenAPI 3.0, nothing can stand beside a plain reference.
            described["allOf"] = [self._reference(type(field))]
        for alternative in described.get("anyOf", ()):
            if alternative == {"type": "object", "nullable": True}:
                # apispec's way to say null; any other object would be allowed as well.
                alternative["enum"] = [None]
        return described

    def _reference(self, choice: type[Choice]) -> Any:
        name = choice.__name__
        if name not in self.spec.components.schemas:
            component = {
                "description": getdoc(choice),
                "type": "string",
                "enum": list(choice.choices),
                "x-enum-varnames": list(choice.choices.values()),
            }
            self.spec.components.schema(name, component)
        return self.spec.components.get_ref("schema", name)


class Descriptions(BasePlugin):
    """Begins the description of each operation with what it does: agents read nothing else."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_: object
    ) -> None:
        """Put the summary in front of the description."""
        for operation in (operations or {}).values():
            operation["description"] = f"{operation['summary']}. {operation.get('description', '')}"


class Components(MarshmallowPlugin):
    """apispec's plugin with this converter."""

    Converter = Converter
