"""How a refusal must look: what, where, why, and how to mend it."""

from __future__ import annotations

import pytest

from ketsched.errors import KetschedError


def refused_or_not(act):
    """Run it; whatever goes wrong must be an error in four parts."""
    try:
        return act()
    except KetschedError as error:
        if not (error.what and error.why and error.fix):
            raise AssertionError(f"a part is missing: {error}") from None
        return None


def refused(call, *parts: str) -> str:
    """What was said when something was refused, in which these parts stand."""
    with pytest.raises(KetschedError) as caught:
        call()
    said = str(caught.value)
    for part in parts:
        assert part in said, said
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    return said
