"""What calls to other services raise, by library: requests, aiohttp and gRPC say the same things in other words."""

from urllib.parse import urlsplit

from netra_analysis.casebook.texts import Frame
from netra_analysis.casebook.voices.exceptions import Exc


def requests(packages: str, url: str, state: str) -> Exc:
    """`requests` over urllib3."""
    parts = urlsplit(url)
    pool = f"HTTPSConnectionPool(host={parts.hostname!r}, port={parts.port or 443})"
    send = Frame(f"{packages}/requests/adapters.py", 700, "send", "raise ConnectionError(e, request=request)")
    check = Frame(f"{packages}/requests/models.py", 1024, "raise_for_status", "raise HTTPError(http_error_msg)")
    if state == "timeout":
        return Exc("requests.exceptions.ReadTimeout", f"{pool}: Read timed out. (read timeout=6)", (send,))
    if state == "refused":
        why = "Failed to establish a new connection: [Errno 111] Connection refused"
        text = f"{pool}: Max retries exceeded with url: {parts.path or '/'} (Caused by NewConnectionError('{why}'))"
        return Exc("requests.exceptions.ConnectionError", text, (send,))
    told = "401 Client Error: Unauthorized" if state == "denied" else "503 Server Error: Service Unavailable"
    return Exc("requests.exceptions.HTTPError", f"{told} for url: {url}", (check,))


def aiohttp(packages: str, url: str, state: str) -> Exc:
    """`aiohttp`'s client."""
    parts = urlsplit(url)
    ask = Frame(f"{packages}/aiohttp/client.py", 770, "_request", "resp = await handler(req)")
    kind = "aiohttp.client_exceptions"
    if state == "timeout":
        return Exc(f"{kind}.SocketTimeoutError", "Timeout on reading data from socket", (ask,))
    if state == "refused":
        host = f"{parts.hostname}:{parts.port or 443}"
        text = f"Cannot connect to host {host} ssl:default [Connect call failed ('10.24.11.7', {parts.port or 443})]"
        return Exc(f"{kind}.ClientConnectorError", text, (ask,))
    status, words = (401, "Unauthorized") if state == "denied" else (503, "Service Unavailable")
    return Exc(f"{kind}.ClientResponseError", f"{status}, message={words!r}, url={url!r}", (ask,))


def grpc(packages: str, url: str, state: str) -> Exc:
    """`grpcio`'s asynchronous client: a status, and details over several lines."""
    host = urlsplit(url).hostname
    call = Frame(f"{packages}/grpc/aio/_call.py", 327, "__await__", "raise _create_rpc_error(")
    status, details = {
        "timeout": ("DEADLINE_EXCEEDED", "Deadline Exceeded"),
        "refused": ("UNAVAILABLE", f"failed to connect to all addresses; last error: {host}: Connection refused"),
        "denied": ("UNAUTHENTICATED", "invalid token"),
    }.get(state, ("UNAVAILABLE", "upstream connect error or disconnect/reset before headers"))
    text = f'<AioRpcError of RPC that terminated with:\n\tstatus = StatusCode.{status}\n\tdetails = "{details}"\n>'
    return Exc("grpc.aio._call.AioRpcError", text, (call,))
