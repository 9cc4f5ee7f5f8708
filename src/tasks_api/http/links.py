"""The links from a page of a list to others, in a header of bounded length (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping

# With all other headers of an answer, what proxies have room for: nginx takes 4 or 8 KiB.
LINK_MAX = 4096


def link_header(targets: Mapping[str, str]) -> str:
    """Write a Link header; where it would be too long, `next` alone, or else `prev`.

    Args:
        targets: where `first`, `next` and `prev` lead to.
    """
    links = {relation: f'<{target}>; rel="{relation}"' for relation, target in targets.items()}
    header = ", ".join(links.values())
    if len(header) <= LINK_MAX or len(links) == 1:
        return header
    return links.get("next") or links["prev"]
