"""A file that sets everything, each to something that is not its default."""

EVERY_SETTING = """
[server]
address = https://auth.example.com/tokens/   ; the public address
Listen = [::1]:9000
CertificateFile = tls/facade.pem
CertificateKeyFile = tls/facade.key
DataDir = state
TrustedProxy = 10.0.0.0/8
TrustedProxy = 192.0.2.1
OAuthClientsEnabled = no
OAuthAllowedRedirectURI = https://workbench.example.com/
SESSIONLIFETIME = 1h
LocalUsers = false
ServiceDocumentation = https://docs.example.com/connect
[OAuth]
AccessTokenLifetime = 10m
RefreshTokenLifetime = 7d
GrantLifetime = 14d
RefreshReuseWindow = 0
CodeLifetime = 30s
Scope = read: Read "things"
Scope = write: Write things
ScopeTranslation = read de-AT: Dinge lesen
DefaultScope = read
PrivilegedScope = write
Resource = https://mcp.example.com/mcp
ServerWideTokens = off
DeviceFlow = no
DeviceCodeLifetime = 5m
[UpstreamProvider]
Issuer = company: https://sso.example.com/realms/staff
Issuer = partner: https://id.example.org
Label = company: Example Company
ClientId = company: tokenhouse
ClientId = partner: tokenhouse
ClientSecretFile = company: secrets/company
Scope = company: openid profile groups
UsernameClaim = company: upn
GroupClaim = company: groups
Group = company: IT Admins -> operators
AllowedDomain = company: Example.com
CreateUsers = company: no
[ClientDocuments]
Fetch = off
AllowedDomain = Example.com
RefusedDomain = bad.example.com
TrustedClientHost = claude.ai
TrustedClientHost = tools.example.com:8443
File = clients/tool.json
[Registration]
Mode = Token
UnauthorizedLifetime = never
UnusedLifetime = 90d
[Console]
OperatorGroup = the operators
[Pages]
Name = Acme
Logo = pages/logo.svg
AccentColor = 7a1fa2
AccentColorDark = "#CF9EE6"
GroundColor = ffffff
GroundColorDark = 000000
[Grpc]
Socket = run/core.sock
AdminSocket = run/admin.sock
Listen = 0.0.0.0:9001
CertificateFile = tls/server.pem
CertificateKeyFile = tls/server.key
ClientCAFile = tls/ca.pem
Caller = spiffe://example.com/reports: ValidationService
Caller = mail.internal: ValidationService, https://mail.example.com/
Reflection = true
[Metrics]
CoreListen = 127.0.0.1:9464
FacadeListen = 127.0.0.1:9465
[Tracing]
Endpoint = http://127.0.0.1:4318
SampleRatio = 0.25
[Audit]
Stream = audit.jsonl
Retention = 30d
[Limits]
LoginFailures = 0
LoginFailuresPerNetwork = 5/m
Registrations = 1/d
TokenRequests = 100/s
TokenRequestsPerNetwork = 200/s
ClientDocuments = 7/h
DeviceAuthorizations = 3/m
UserCodes = 5/h
[Keys]
MasterKeyFile = keys/master.key
SigningKeyRotationPeriod = never
SigningKeyPublicationPeriod = 10m
"""
