"""Documents as PDF, tagged for screen readers: a template of ours with data, set by Typst in this process.

Not for what a document says: that is the caller's data and the template in defaults/pdf. Nothing is fetched.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

from .failures import PermanentFailure

TEMPLATES = Path(__file__).resolve().parent.parent / "defaults" / "pdf"


def make_pdf(template_name: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of one template (without suffix) filled with JSON-like data, which is shown as text and never run.

    PDF/UA-1 when every letter can be shown; else a tagged PDF in which a letter may be a box. Raises PermanentFailure
    for a template that does not fit its data.
    """
    source = str(TEMPLATES / f"{template_name}.typ")
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    try:
        return typst.compile(source, format="pdf", sys_inputs=inputs, ignore_system_fonts=True, pdf_standards="ua-1")
    except typst.TypstError:  # such as a letter that no font has
        try:
            return typst.compile(source, format="pdf", sys_inputs=inputs, ignore_system_fonts=True)
        except typst.TypstError as error:
            raise PermanentFailure(f"het document {template_name} kan niet worden gemaakt") from error
