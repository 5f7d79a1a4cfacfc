"""Rich text in other languages: Lexical JSON to and from HTML and Markdown, and as plain text.

from headless.richtext import from_markdown, to_html

to_html(from_markdown("A *quiet* launch"))  # <p>A <em>quiet</em> launch</p>
"""

from headless.lexical.blocks import Blocks
from headless.lexical.html_reader import from_html
from headless.lexical.html_writer import Address, Render, to_html
from headless.lexical.markdown_reader import from_markdown
from headless.lexical.markdown_writer import to_markdown
from headless.lexical.normal import normal
from headless.lexical.plain import to_text

__all__ = ["Address", "Blocks", "Render", "from_html", "from_markdown", "normal", "to_html", "to_markdown", "to_text"]
