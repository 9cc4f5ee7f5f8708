"""The public keys of an issuer of tokens: fetched when they are needed, kept while it is away.

`keys.RemoteKeys` finds a key by its name in the JWK Set at an address (RFC 7517). PyJWT's own
client fetches under a lock with a time-out of 30 seconds, and forgets good keys if a fetch fails.

It relies on PyJWT for reading a key, and on threads, which may be greenlets. It promises that a
request whose key is known never waits, that the issuer is asked at most every 30 seconds, that a
key which the issuer withdrew is good for five more minutes at most, and that known keys go on for a
day while the issuer is away.
"""
