"""What stands around ministack so that it behaves as AWS does where the platform looks.

Runs under ministack's own Python, which has none of our packages: only the standard
library is imported here. A folder per service has one small function per difference from the
real AWS; `corrections` is the list of them. Beside the services: the wire that all calls come
by (`wire`), what an account has (`account`), and how late AWS shows what it took (`spread`).
"""
