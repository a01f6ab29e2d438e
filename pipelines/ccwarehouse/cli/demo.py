"""`ccwarehouse demo` and `ccwarehouse fake-api`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..gc_freeze import frozen_imports
from ..output import Output
from .opened import errors_explained


@click.command()
@click.pass_obj
def demo(output: Output) -> End:
    """Load a made-up organisation and print answers in five parts.

    Needs no key: it runs a fake API on this machine. The data goes to demo.duckdb in
    this folder, and a page of its month to demo.html; existing files are replaced.
    """
    with frozen_imports():
        from rich.console import Console

        from anthropic_admin_api.fake import FakeApi

        from ..demo import run

    database, console = Path("demo.duckdb"), Console(highlight=False)
    with errors_explained("demo.duckdb"), FakeApi() as api:
        return run(api, database, console, output.remark)


@click.command("fake-api")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8585,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
def fake_api(port: int) -> End:
    """Serve a fake API until Ctrl-C.

    It serves the demo's made-up organisation and accepts the key that it prints.
    """
    from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi

    try:
        api = FakeApi(port=port)
    except OSError as error:
        message = f"Port {port} cannot be used: {error.strerror}. Choose another."
        raise click.UsageError(message) from None
    click.echo(f"Serving {api.url} until Ctrl-C. Load from it with:")
    click.echo(
        f"  SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL={api.url} "
        f"ANTHROPIC_ADMIN_KEY={DEMO_API_KEY} ccwarehouse load"
    )
    api.serve_forever()
    return End()
