"""What breaks the clients of an OpenAPI document: the difference of two, as they see it.

In a request, what the old document allows must stay allowed. In an answer, what the new one may
give must be what the old one names; it may have more members, headers and types of problems.
"""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
UPPER_BOUNDS = ("maxLength", "maximum", "maxItems")
LOWER_BOUNDS = ("minLength", "minimum", "minItems")
COMBINED = ("allOf", "anyOf", "oneOf")
# README says that a release may add values here.
OPEN_ENUMS = ("/type",)

Schema = dict[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return a line for each difference that breaks a client of the old document."""
    return list(_Comparison(old, new).operations())


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.documents = (old, new)

    def resolved(self, old: Schema, new: Schema) -> tuple[Schema, Schema]:
        """Follow references, and see through an `allOf` that only adds words to one."""
        return tuple(
            self._resolve(document, part)
            for document, part in zip(self.documents, (old, new), strict=True)
        )

    def _resolve(self, document: Schema, part: Schema) -> Schema:
        while True:
            if "$ref" in part:
                target: Any = document
                for name in part["$ref"].removeprefix("#/").split("/"):
                    target = target[name]
                part = {**target, **{name: each for name, each in part.items() if name != "$ref"}}
            elif len(part.get("allOf", ())) == 1:
                [only] = part["allOf"]
                part = {**only, **{name: each for name, each in part.items() if name != "allOf"}}
            else:
                return part

    def operations(self) -> Iterator[str]:
        old, new = (document["paths"] for document in self.documents)
        for path, item in old.items():
            for method in METHODS:
                place = f"{method.upper()} {path}"
                if method in item and method not in new.get(path, {}):
                    yield f"{place}: is gone"
                elif method in item:
                    yield from self.operation(place, item[method], new[path][method])

    def operation(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{place}: has another operationId"
        yield from self.parameters(place, old, new)
        if "requestBody" in new:
            body, new_body = self.resolved(old.get("requestBody", {}), new["requestBody"])
            if new_body.get("required") and not body.get("required"):
                yield f"{place}: needs a body"
            yield from self.content(f"{place} body", body, new_body, answer=False)
        elif "requestBody" in old:
            yield f"{place}: takes no body any more"
        for status, answer in old["responses"].items():
            there = f"{place} {status}"
            if status not in new["responses"]:
                yield f"{there}: is gone"
                continue
            before, after = self.resolved(answer, new["responses"][status])
            for header in before.get("headers", {}).keys() - after.get("headers", {}).keys():
                yield f"{there}: has no {header}"
            yield from self.content(there, before, after, answer=True)

    def parameters(self, place: str, old: Schema, new: Schema) -> Iterator[str]:
        before, after = (
            {(each["in"], each["name"]): each for each in operation.get("parameters", ())}
            for operation in (old, new)
        )
        for key in before.keys() - after.keys():
            yield f"{place} {key[1]}: is not taken any more"
        for key, parameter in after.items():
            there = f"{place} {key[1]}"
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"{there}: is required"
            if key in before:
                yield from self.schema(
                    there, before[key]["schema"], parameter["schema"], answer=False
                )

    def content(self, place: str, old: Schema, new: Schema, *, answer: bool) -> Iterator[str]:
        after = new.get("content", {})
        for media_type, content in old.get("content", {}).items():
            if media_type not in after:
                yield f"{place}: has no {media_type}"
            elif "schema" in content:
                yield from self.schema(
                    place, content["schema"], after[media_type]["schema"], answer=answer
                )

    def schema(self, place: str, old: Schema, new: Schema, *, answer: bool) -> Iterator[str]:
        old, new = self.resolved(old, new)
        for keyword in _narrower(*((new, old) if answer else (old, new)), place, answer):
            yield f"{place}: {keyword} is {new.get(keyword)}, was {old.get(keyword)}"
        properties = new.get("properties", {})
        for name, member in old.get("properties", {}).items():
            if name not in properties:
                yield f"{place}/{name}: is gone"
            else:
                yield from self.schema(f"{place}/{name}", member, properties[name], answer=answer)
        if "items" in old:
            yield from self.schema(f"{place}[]", old["items"], new.get("items", {}), answer=answer)
        for keyword in COMBINED:
            before, after = old.get(keyword, []), new.get(keyword, [])
            if len(before) != len(after):
                yield f"{place}: {keyword} has {len(after)} parts, had {len(before)}"
            for one, other in zip(before, after, strict=False):
                yield from self.schema(place, one, other, answer=answer)


def _narrower(sent: Schema, taken: Schema, place: str, answer: bool) -> Iterator[str]:
    """Yield the keywords by which what one side may send is more than what the other takes."""
    for keyword in ("type", "format", "pattern"):
        if keyword in taken and sent.get(keyword) != taken[keyword]:
            yield keyword
    if sent.get("nullable") and not taken.get("nullable"):
        yield "nullable"
    is_open = answer and place.endswith(OPEN_ENUMS)
    if "enum" in taken and not is_open and not set(sent.get("enum", [""])) <= set(taken["enum"]):
        yield "enum"
    if not set(taken.get("required", ())) <= set(sent.get("required", ())):
        yield "required"
    for keywords, sign in ((UPPER_BOUNDS, 1), (LOWER_BOUNDS, -1)):
        for keyword in keywords:
            bound = sent.get(keyword)
            if keyword in taken and (bound is None or sign * bound > sign * taken[keyword]):
                yield keyword
