"""What libraries, drivers, servers and platforms write when something is wrong, and what that tells of.

Patterns over one message each, case aside; `tests/data/words.yaml` holds examples of every kind, and lines that tell
of none.
"""

from typing import Any, Final

import re2


def any_of(*words: str) -> Any:
    """One linear-time pattern of alternatives, case aside."""
    return re2.compile("(?i)" + "|".join(words))


QUEUE_POOL: Final = r"QueuePool limit of size (\d+) overflow (\d+) reached"  # SQLAlchemy
TIMED_OUT: Final = any_of(  # a wait for a connection of the application's own pool ended without one
    QUEUE_POOL + ", connection timed out",
    r"(?:unable|could not|couldn't|failed|cannot|can't) (?:to )?"
    r"(?:obtain|acquire|get|check ?out|fetch|reserve|borrow) (?:an? |the |new )*"
    r"(?:(?:database|db|jdbc|sql|pooled) )?connection (?:from (?:the )?(?:\w+ )?pool|after|within)",
    # HikariCP; one that holds no connection is not full but cannot make any
    r"connection is not available, request timed out after \d+ ?ms(?:$|[^ ]| [^(]| \(total=[1-9])",
    r"pool timed out while waiting for an open connection|PoolTimedOut",  # sqlx
    r"timed out waiting for (?:an? )?(?:free )?connection|error retrieving a connection from the pool",  # r2d2
    r"timed? ?out (?:while )?(?:fetching|acquiring|waiting for|getting|obtaining|checking out|waiting to acquire) "
    r"(?:an? |the |new )*(?:\w+ )?(?:connection|session)\b",
    r"timeout (?:acquiring|fetching|waiting for|getting) (?:an? |the |new )*(?:\w+ )?(?:connection|pooled item)",
    r"\bacquir\w*(?: (?:an? |the |new |db |database |pooled )*(?:conn|connection|client|session))?: "
    r"(?:timeout: )?context deadline exceeded",  # pgxpool, as callers wrap it
    r"timeout waiting for idle object|pool is exhausted",  # commons-pool
    r"prior to obtaining a connection from the pool",  # ADO.NET
    r"attempt by a client to checkout a connection has timed out",  # c3p0
    r"connection acquisition timed out|pending acquire queue has reached",  # R2DBC, reactor-netty
    r"no managed connections? available|unable to get managed connection",  # IronJacamar
    r"timeout occurred while waiting for a slot to become available|timed out in bb8",  # deadpool
    r"connection pool timeout|no session available in the pool",  # go-redis, Spanner
    r"max connections exceeded, timed out",  # peewee
    r"waited [\d.]+ ?m?s(?:ec\w*)? for (?:an? )?(?:free |pooled |database |db )*connection",
    r"no (?:free |idle |pooled )*connection became (?:free|available)",
    r"timeout exceeded when trying to connect",  # node-pg's pool
    r"ConnectionAcquireTimeout|ResourceRequest timed out",  # Sequelize
    r"cannot get a connection, pool error|pool empty\. unable to fetch",  # DBCP, Tomcat
    r"(?:connection )?pool(?:ed)? (?:is |has been |was )?(?:exhausted|depleted|saturated)",
    r"(?:no|all) (?:free |idle |available |pooled )*connections? (?:are |is |left |available )*"
    r"(?:in use|busy|left in (?:the )?pool|available in (?:the )?pool)",
    r"connection not available and request was dropped from queue",  # Ecto's DBConnection
    r"PoolTimeout|PoolAcquireTimeout|pool\.?acquire.{0,40}time(?:d )?out|query_wait_timeout",
    r"the connection pool is (?:probably )?full",
    # asyncio's own time-out, which says nothing: its last frame outside of asyncio is the pool's
    r"/(?:asyncpg|aiomysql|aiopg|asyncmy)/pool\.py\", line \d+, in _?acquire\n(?:    .*\n)*"
    r"(?:  File \"[^\"]*/(?:asyncio/\w+|asyncpg/compat)\.py\", line \d+, in \w+\n(?:    .*\n)*)*"
    r"(?:asyncio\.(?:exceptions\.)?)?TimeoutError",
)
EMPTY: Final = any_of(r"request timed out after \d+ ?ms \(total=0,")  # a wait for a pool that gets no connection
NO_LOGIN: Final = any_of(  # a database does not know who asks
    r"password authentication failed|access denied for user|login failed for user|invalid username/password",
)
REFUSES: Final = any_of(  # the database server is at its maximum
    r"too many clients already",
    r"remaining connection slots are reserved",
    r"too many connections for (?:role|database|user)",
    r"(?:FATAL|ERROR|SQLSTATE|psycopg|asyncpg|pg_|postgres|mysql|pymysql|mariadb|1040).{0,80}too many connections\b",
    r"no more connections allowed|(?:exceed|more than|reached|limit).{0,30}max_(?:user_)?connections",  # MySQL
    r"max_(?:user_connections|connections|client_conn)\b.{0,40}(?:reached|exceeded|active connections|limit)",
    r"rejected establishment of connection|from server: .{0,3}too many connections",  # Connector/J
    r"ORA-00020|ORA-1251[69]|the request limit for the database is \d",  # Oracle, SQL Server
    r"max(?:imum)? (?:number of )?clients reached",
    r"TooManyConnections(?:Error)?",
    r"connection limit exceeded for|too many active connections",
)
_OTHER: Final = (  # one that the service calls; a path of its own is an answer that it gives itself
    r"(?:upstream|backend|provider|partner|vendor|gateway|\bAPI|service|https?://\S+|\s[\w-]+(?:\.[\w-]+)+)"
    r"(?: [\w.-]+)?"
)
_SAID: Final = r" (?:answered|returned|responded|replied)(?: with)?(?: HTTP| status)?"
LOST: Final = any_of(  # what the service calls is out of reach, slow to answer, or fails itself
    r"connection refused|connect call failed|Errno 111|Error \d+ connecting to|connection failed: connection to server",
    r"ConnectionRefusedError|All connection attempts failed|Connect(?:ion)? call failed",
    r"connect(?:ion)? (?:attempt )?timed ?out|connection timeout|timeout connecting to|dial tcp .{0,80}timeout",
    r"i/o timeout|context deadline exceeded|DEADLINE_EXCEEDED|deadline ?exceeded",
    # HTTP clients
    r"timeout of \d+ ?ms exceeded|ECONNABORTED|ESOCKETTIMEDOUT|network timeout at|aborted due to timeout",  # Node
    r"(?:Headers|Body|Connect) ?Timeout ?Error|UND_ERR_\w+|other side closed|Timeout awaiting '",  # undici, got
    r"RemoteDisconnected|Remote end closed connection|HttpRequestTimeout|Request timeout has expired",  # urllib3, Ktor
    r"Did not observe any item or terminal signal|NoHttpResponseException|HttpTimeoutException",  # JVM
    r"HttpClient\.Timeout of|TimeoutRejectedException|does not indicate success: 5\d\d",  # .NET
    r"execution expired|Net::(?:Open|Read|Write)Timeout|Faraday::(?:Timeout|Connection)|Failed to open TCP connection",
    r"cURL error (?:5|6|7|16|18|28|35|52|55|56)\b|server misbehaving",  # PHP, Go
    r"source: TimedOut|operation timed out|tcp connect error|error sending request for url",  # Rust
    r"reason: :(?:timeout|request_timeout|connect_timeout|closed|econnrefused|nxdomain)|tcp (?:recv|send): closed",
    r"Request failed with status code (?:5\d\d|429)|unexpected status(?: code)?:? 5\d\d|responded with status 5\d\d",
    r"Error code: (?:5\d\d|429)|RateLimitError|overloaded_error|Too Many Requests .{0,40}for url",  # model APIs
    _OTHER + _SAID + r" (?:50[0234]|429)\b",
    r"(?:call|calling|connection|requests?) to [a-z][\w.:-]* .{0,20}(?:timed out|failed: status.?50[0234])",
    r"time(?:d )?out (?:calling|contacting|talking to)|no (?:response|answer|reply) from|failed to respond",
    r"did(?: not|n't) (?:answer|respond|reply)|giving up on \S+ after",
    # databases, caches, queues
    r"Timeout reading from|Timeout performing \w+|Command timed out|max retries per request|MaxRetriesPerRequest",
    r"JedisConnectionException|the connection to \w+ is closed|Unexpected end of stream",
    r"ServerSelection(?:Timeout)?Error|AutoReconnect|MongoNetwork(?:Timeout)?Error|MongoTimeoutException",
    r"Communications link failure|The connection attempt failed|I/O error occurred while sending to the backend",
    r"can't reach database server|driver: bad connection|Timeout during reading attempt",
    r"network-related or instance-specific error|Execution Timeout Expired|ConnectionTimeout\b",
    r"\bUNAVAILABLE: ",  # gRPC
    r"ConnectTimeout|ConnectError|ReadTimeout|ReadError|WriteTimeout|RemoteProtocolError|APIConnectionError",
    r"SocketTimeoutException|ConnectException|UnknownHostException|NoRouteToHostException",
    r"timed out after|read timed out|request timed out|upstream (?:request )?time",
    r"no route to host|network is unreachable|host is unreachable|EHOSTUNREACH|ENETUNREACH",
    r"name or service not known|temporary failure in name resolution|nodename nor servname|no such host",
    r"getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)",
    r"could not connect to server|can't connect to (?:mysql|local) server|lost connection to (?:mysql|server)",
    r"server has gone away|server closed the connection unexpectedly|terminating connection due to",
    r"the database system is (?:starting up|shutting down|in recovery)",
    r"connection reset by peer|broken pipe .{0,60}(?:sql|redis|upstream)|connection was forcibly closed",
    r"connection (?:was )?closed (?:in the middle|unexpectedly)|connection (?:is|already) closed|unexpected EOF",
    r"ConnectionDoesNotExistError|CannotConnectNowError|InterfaceError: .{0,60}closed",
    r"is not reachable|Cloud SQL connection failed|failed to connect to (?:instance|backend|server|upstream)",
    r"Max retries exceeded|ECONNREFUSED|ECONNRESET|ETIMEDOUT|socket hang up|fetch failed",
    r"ServiceUnavailable|503 Service Unavailable|status(?: code)?:? 50[234] .{0,60}(?:from|for url)|code = Unavailable",
    r"Server error '50\d|bad gateway|no healthy upstream|upstream connect error",
    r"Server Error: (?:Bad Gateway|Service Unavailable|Gateway Time)|message=.(?:Service Unavailable|Bad Gateway)",
    r"StatusCode\.(?:UNAVAILABLE|DEADLINE_EXCEEDED)|failed to connect to all addresses|Cannot connect to host",
    r"Timeout on reading data from socket|SocketTimeoutError|ServerTimeoutError|ServerDisconnectedError",
    r"circuit ?breaker .{0,40}open|circuit (?:is )?open(?:ed)?\b|CircuitBreakerOpen|CallNotPermittedException",
    r"certificate (?:has expired|expired)|CERT_HAS_EXPIRED|CertificateExpired",  # of who is called
    r"SSL: (?:UNEXPECTED_EOF|WRONG_VERSION)|SSL SYSCALL error|handshake (?:failed|timed out|timeout)",
    r"statement timeout|canceling statement|QueryCanceled",
    r"Expiring \d+ record\(s\) for|NOT_?ENOUGH_?REPLICAS|LEADER_NOT_AVAILABLE|NOT_LEADER_(?:OR_FOLLOWER|FOR_PARTITION)",
    r"CLUSTERDOWN|MASTERDOWN|LOADING Redis|READONLY You can't write|read only replica",
)
SLOW: Final = any_of(
    r"slow (?:query|statement|request to|call|sql)",
    r"slow (?:response|reply|answer) from|\w: slow (?:response|reply|answer)\b",
    r"(?:query|statement|call|operation|refresh|transaction) took [\d.]+ ?(?:s|sec|ms|min)",
    r"statement timeout|canceling statement|QueryCanceled|lock (?:wait )?timeout|deadlock detected",
    r"duration: \d{4,}\.\d+ ms",
)
CONFIG: Final = any_of(  # a setting, secret, key or permission is wrong, missing or expired
    r"permission denied on secret",
    r"secret[^ ]* .{0,60}(?:not found|was not found|is missing|expired)",
    r"secret ?version .{0,200}(?:disabled|destroyed)|in (?:DISABLED|DESTROYED) state",
    r"password authentication failed",
    r"(?:authentication|auth) failed|login failed for user|access denied for user|WRONGPASS|NOAUTH",
    r"invalid (?:api[ _-]?key|credentials?|password|token|jwt|client secret|signature)",
    r"(?:JWT|token)\S* (?:verification|validation|signature)[^.]{0,20}fail",
    r"signature verification failed|InvalidSignature|signatures? (?:do not|does not|don't) match",
    r"(?:environment variable|env var|setting|config\w*)\b.{0,60}(?:not set|missing|required|undefined|invalid|empty)",
    r"(?:missing|required|undefined) (?:environment|env|config\w*|setting)",
    r"KeyError: '?(?-i:[A-Z][A-Z0-9_]{3,})'?",
    r"database \"[^\"]*\" does not exist|role \"[^\"]*\" does not exist",
    r"(?:incorrect|wrong|bad|expired) (?:api[ _-]?key|credentials?|password|token|secret|signing key)",
    r"could not load the default credentials|DefaultCredentialsError|credentials? (?:not found|have expired|expired)",
    r"access[ _]?denied|PermissionDenied|PERMISSION_DENIED|code = Unauthenticated|insufficient authentication scopes",
    r"does not have \w+\.[\w.]+ (?:access|permission)|invalid authentication credentials|credentials invalid",
    r"(?:(?:api|access|secret|client|signing) key|credentials?) "
    r"(?:is |was |has been |have been )?(?:expired|revoked|disabled)\b",
    r"InvalidAccessKeyId|ExpiredToken|UnrecognizedClient|SignatureDoesNotMatch|request signature we calculated",
    r"invalid username/password|logon denied|specified (?:bucket|key vault|queue|topic) does not exist",
    # what the service calls does not know it, as clients tell of it: its own answers with 401 are worded otherwise
    r"client error '40[13]|\b40[13] Client Error|\b40[13], message='|client error \(40[13]",  # httpx, requests, reqwest
    r"Exception\$(?:Unauthorized|Forbidden)|\b40[13] (?:Unauthorized|Forbidden) from (?:GET|POST|PUT|PATCH|DELETE)",
    r"Request failed with status code 40[13]|unexpected status(?: code)?:? 40[13]|does not indicate success: 40[13]",
    r"(?:RestClient|Faraday)::(?:Unauthorized|Forbidden)|responded with status 40[13]|resulted in a `40[13]",
    r"https?://\S+ (?:->|=>|:|-|status|got)? ?\(?40[13]\b",
    _OTHER + _SAID + r" 40[13]\b",
    r"unauthorized_client|invalid_grant|invalid_client",
    r"SERVICE_SECRET|SECRET_KEY",
    r"certificate verify failed\W+(?:self|unable|host|IP|EE|CA)",
    r"x509: certificate (?:signed|is valid for|is not|relies)",
    r"client certificate .{0,20}expired|tls: expired certificate|alert certificate expired",  # ours, as others say
    r"no such host .*\\r|\\r\" is not reachable",
    # a credential with a line break in it, which no client sends
    r"LocalProtocolError: Illegal header value",
    r"(?:illegal|invalid)(?: http)? header (?:field )?value.{0,8}[\"'](?:Bearer|Basic) ",
    r"invalid header field value for \"(?:Authorization|\S*api-?key)",
    r"InvalidArgumentError: invalid authorization header",
    r"(?:Bearer|Basic) (?s:.){0,200} is (?:an? invalid|not(?: a)? valid) header value",
    r"in header value: .{0,3}(?:Bearer|Basic)|header field value cannot include CR/LF",
    r"Unexpected char 0x0[ad] at \d+ in (?:Authorization|\S*api-?key)",
    r"Invalid character in header content \[.(?:Authorization|[\w-]*api-?key)",
    r"format of value .{0,3}(?:Bearer|Basic) (?s:.){0,200} is invalid",
    # a key and a certificate that do not belong together; a key or an address that cannot be read
    r"key values mismatch|private key does not match public key|does not match the certificate's public key",
    r"could not deserialize key data|unable to load PEM|failed to (?:decode|parse|find any) PEM",
    r"\bPEM\b.{0,60}start line",
    r"could not parse (?:SQLAlchemy|rfc1738) URL|cannot parse `\w+://.{0,200}: failed to parse|invalid dsn",
    r"URL must specify one of the following schemes|URL is missing an 'http|MissingSchema: Invalid URL",
    r"unsupported protocol scheme \"\"",
    r"validation errors? for Settings",
    r"ConfigurationError|ImproperlyConfigured|InvalidConfiguration|SettingsError",
    r"(?:encryption|application|signing|secret|private|api|license) key .{0,40}(?:not|missing|required|absent|empty)",
    r"no .{0,40}\bkey (?:has been|was|is) (?:specified|set|configured|given|provided)|MissingAppKey|secret_key_base",
    r"could not resolve placeholder|failed to determine a suitable driver class",  # Spring
    r"connection string .{0,60}(?:not found|missing|not (?:been )?(?:set|initialized|configured)|null|empty)",
    r"(?:no matching|unable to find a|could not find a) (?:signing )?(?:key|jwk)|SigningKeyNotFound",
    r"IDX10(?:50[013]|51[17])",  # .NET on tokens
    r"\bDecryptException|The MAC is invalid|Message(?:Verifier|Encryptor)::Invalid|BadSignature|bad decrypt",
)
CRASH: Final = any_of(  # a process tells of its own end
    r"Fatal Python error|segmentation fault|SIGSEGV|SIGABRT|SIGBUS|core dumped",
    r"was sent SIG(?:KILL|SEGV|ABRT|BUS)",  # gunicorn's master of its worker
    r"^panic: |^fatal error: |goroutine \d+ \[running\]|thread 'main' panicked",  # Go, Rust
    r"exited on signal (?:4|6|7|8|11)\b|illegal instruction|\bbus error\b",  # PHP-FPM, nginx
    r"double free or corruption|malloc\(\): |free\(\): invalid|munmap_chunk\(\)|corrupted size|stack smashing",  # glibc
    r"erl_crash\.dump|Kernel pid terminated",  # Erlang
    r"libc\+\+abi|terminate called",  # C++
    r"A fatal error has been detected by the Java Runtime Environment",
    r"^Unhandled exception\. [\w.]+(?:Exception|Error)\b",  # .NET ends its process with this
    r"uncaughtException|Uncaught Exception|node:internal/process",  # Node ends its process with these
    r"(?:unrecoverable|fatal) error.{0,60}(?:exiting|shutting down|aborting)",
    r"; exiting$|giving up, exiting|terminating (?:the )?process",
)
OUT_OF_MEMORY: Final = any_of(  # memory that a process could not get
    r"heap out of memory|Reached heap limit",  # V8
    r"java\.lang\.OutOfMemoryError|GC overhead limit exceeded",
    r"Perhaps out of memory\?",  # gunicorn
    r"\bMemoryError\b|cannot allocate memory|Unable to allocate [\d.]+ [MG]iB",
    r"runtime: out of memory|out of memory: (?:kill|cannot)|eheap_alloc",  # Go, the kernel, Erlang
    r"System\.OutOfMemoryException|\bNoMemoryError\b|memory allocation of \d+ bytes failed|std::bad_alloc",
)
BUSY: Final = any_of(  # workers, threads or connections of the server are all taken
    r"reached pm\.max_children|seems busy \(you may need to increase pm\.",  # PHP-FPM
    r"reached (?:MaxRequestWorkers|MaxClients)|worker_connections are not enough",  # Apache, nginx
    r"listen queue of socket .{0,80}full",  # uWSGI
    r"all threads \(\d+\) are (?:currently )?busy",  # Tomcat
    r"task queue depth is [1-9]\d|exceeded concurrency limit",  # waitress, uvicorn
    r"thread ?pool (?:is |was |has been )?(?:exhausted|starv\w+)|RejectedExecutionException|TaskRejectedException",
    r"no (?:free|idle|available) (?:worker|thread)s?\b|all (?:workers|threads) (?:are )?busy",
    r"(?:worker|thread|process) pool (?:is |was )?(?:full|exhausted|saturated)|request queue (?:is )?full",
    r"(?:concurrency|in-?flight|concurrent request)s? limit (?:was |is )?(?:reached|exceeded)",
    r"too many concurrent requests",
)
LOOP: Final = any_of(  # an event loop, or a worker, does not come round
    r"WORKER TIMEOUT",  # gunicorn: the worker's heartbeat stopped
    r"Executing <(?:Task|Handle|TimerHandle).{1,400} took [1-9]\d*\.\d+ seconds",  # asyncio's debug mode
    r"event[- ]?loop.{0,40}(?:block|lag|stall|stuck|delay|not respond|starv)",
    r"(?:block|stall|starv)\w* .{0,30}event[- ]?loop",
    r"has been blocked for \d+ ?ms|\bloop lag\b|\btoobusy\b",  # vert.x, Node
    r"BlockingOperationError|blockhound",
)
SOCKETS: Final = any_of(  # WebSockets that are closed, lost or refused
    r'cannot call "?send"? once a close message',
    r"unexpected asgi message 'websocket",
    r"websocket is not connected|cannot write to closing transport|no pong (?:received |within )",
    r"websocket .{0,80}(?:clos|disconnect|time|limit|error|fail)",
    r"WebSocket is (?:already|not)|websocket: close|no close frame|keepalive ping timeout|ws: write after",
    r"WebSocketDisconnect|ConnectionClosed(?:Error|OK)?",
    r"\b(?:ws|(?:web)?sockets?) (?:connection |client |handshake )?(?:rejected|denied)",
    r"HARD LIMIT: User .* still over limit|connection limit .*websocket|too many (?:web)?sockets?",
    r"(?:socket|connection)s? (?:limit|per (?:user|room|client)).{0,40}(?:reached|exceeded|full)",
)
