"""Headers that keep browsers and caches from taking an answer for something else.

From OWASP's REST Security Cheat Sheet. `Strict-Transport-Security` is for the proxy that has the
certificate; `X-Frame-Options` says the same as `frame-ancestors`.
"""

# For each answer that doesn't have the header already.
HEADERS = {
    # It is of the type that it says, and no script.
    "X-Content-Type-Options": "nosniff",
    # Shown by itself it loads nothing, and no page shows it inside of its own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # A cache may keep a 200, a 404 or a 414 of which nothing is said (RFC 9110, section 15.1).
    "Cache-Control": "no-store",
}
