"""Every number that can change, as frozen dataclasses.

A number stands here once; what can be computed from others is a property.
"""
