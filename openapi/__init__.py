"""From Klaviyo's spec to `generated/`, in an environment with the pinned generator and ruff.

What is kept:

- `bulk_create_events.json`: the spec, byte for byte as received
- `SOURCE.toml`: its address, revision and SHA-256
- `overlay.yaml`: what we change in it before generating, and why

How it becomes `generated/`, one module for each step:

    spec           reads the JSON, which is not strict
    source         writes `SOURCE.toml`
    fields         lists the fields of the request
    limits         takes the numbers out of the prose
    changes        says what a new revision changes, breaking or not
    overlay        applies `overlay.yaml`
    generator      writes the client into an empty folder
    limits_module  writes the numbers as a module of it
    parts_module   writes the constant parts of a request as another
    swap           puts it in the place of the former one
    regenerate     does all of this in order
    drift          says where `generated/` is not what the above makes
"""
