# The two commands of the README, and what they are made of.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

python := .venv/bin/python
pytest := $(python) -m pytest
uv := .venv/bin/uv
stamp := .venv/.stamp-$(shell cat requirements/platform.txt rehearsal/pyproject.toml | sha256sum | cut -c1-12)
# What the tests need beside the rehearsal's own packages.
test_packages := chromium redis-server
# Most of these tests wait for what they start, an ansible-playbook or a server, more than they compute.
workers := $(shell echo $$(($$(nproc) * 5 / 2)))
# Each of these has servers of its own: PostgreSQL, Redis, Milvus and S3.
worlds := 2
frontend := app/frontend
backend := app/backend
client := app/client

.PHONY: help
help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

.PHONY: rehearse
rehearse: setup ## Set everything up, roll the platform out in the rehearsal and ask it a question
	.venv/bin/rehearsal up --install
	.venv/bin/rehearsal exec -- .venv/bin/ansible-playbook site.yml -i inventories/rehearsal
	.venv/bin/rehearsal ask --document docs/architecture.md "How does the platform find its own resources again?"

.PHONY: test
test: caches lint unit molecule integration ## Set everything up, and pass the tests that each change must

.PHONY: caches
caches: setup ## Install Debian packages that are missing, and fill the rehearsal's caches
	.venv/bin/rehearsal setup --also $(test_packages)

.PHONY: setup
setup: $(stamp) ## Make .venv from the lock file

$(stamp): requirements/platform.txt rehearsal/pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Python 3.11 is needed as python3 (this one is $$(python3 -V)): install it, or put it first on PATH." >&2; exit 1; }
	python3 -m venv .venv
	$(python) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	$(uv) pip sync --quiet --python $(python) --require-hashes requirements/platform.txt
	$(uv) pip install --quiet --python $(python) --no-deps --no-build-isolation --editable rehearsal
# Tests start Python by the thousand; where it may not keep bytecode, each would compile its libraries.
	$(python) -m compileall -q -j 0 -x ansible_collections .venv/lib/python3.11/site-packages
	rm -f .venv/.stamp-*
	touch $@

$(backend)/.venv/.stamp: $(backend)/requirements.txt $(backend)/requirements-test.txt | setup
	$(uv) venv --quiet --clear --python 3.11 $(backend)/.venv
	$(uv) pip sync --quiet --python $(backend)/.venv/bin/python --require-hashes $(backend)/requirements.txt $(backend)/requirements-test.txt
	touch $@

$(frontend)/node_modules/.stamp: $(frontend)/package-lock.json
	cd $(frontend) && npm ci --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: lint
lint: setup $(backend)/.venv/.stamp $(frontend)/node_modules/.stamp ## ansible-lint, yamllint, ruff, mypy, go vet, eslint, prettier, tsc
	.venv/bin/ansible-lint
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy rehearsal/src
	.venv/bin/mypy -p ansible_collections.ragops.platform.plugins.module_utils
	.venv/bin/mypy --config-file tests/mypy.ini tests
	cd $(backend) && .venv/bin/python -m mypy src
	cd $(client) && ../backend/.venv/bin/python -m mypy
	cd rehearsal/kubernetes && CGO_ENABLED=0 go vet -trimpath ./...
	cd $(frontend) && npm run --silent lint && npm run --silent format:check && npm run --silent typecheck

.PHONY: unit
unit: caches $(backend)/.venv/.stamp $(frontend)/node_modules/.stamp ## The tests that need no cluster, but those of `make slow`
	$(pytest) -n $(workers) --dist loadfile --no-loadscope-reorder -m "not slow" tests/unit
	cd $(backend) && .venv/bin/python -m pytest -n $(worlds) --dist loadfile -m "not slow"
	cd $(client) && ../backend/.venv/bin/python -m pytest
	cd $(frontend) && npm test --silent && npm run --silent test:browser

.PHONY: slow
slow: caches $(backend)/.venv/.stamp $(frontend)/node_modules/.stamp ## Whole lives, hostile files, plan against run, samples of `make faults` and `make consistency`
# Three at a time: one life or one run of a playbook leaves a core idle for much of its time.
	$(MAKE) --jobs=3 --output-sync=line slow-lives slow-samples slow-drift
	cd $(backend) && .venv/bin/python -m pytest -n $(worlds) --dist loadfile -m slow
	cd $(frontend) && npm run --silent build && npm run --silent test:browser:slow

.PHONY: slow-lives slow-samples slow-drift
slow-lives:
	$(pytest) -n 3 --dist loadfile --no-loadscope-reorder -m slow tests/unit
slow-samples:
	$(pytest) tests/consistency
	$(pytest) tests/faults
slow-drift:
	$(pytest) tests/drift

.PHONY: molecule
molecule: caches ## A scenario per role against an emulated AWS; roles="kms rds" chooses
	$(python) tests/molecule/run.py $(roles)

.PHONY: drift
drift: caches ## Plan against run in an emulated account: from empty, converged, and after changes by hand
	$(pytest) tests/drift

.PHONY: faults
faults: caches ## Kill at every mutating call, and whole runs (docs/destroy.md)
	$(pytest) tests/faults --tries all --runs 10

.PHONY: consistency
consistency: reads ?= 1,2,5
consistency: caches ## The AWS layer in an account that sees its changes late; reads=1,2,5 calls late, phases=foundation
	$(pytest) -s tests/consistency --reads $(reads) $(if $(phases),--phases $(phases))

.PHONY: iam
iam: caches ## Write the operators' policies anew and prove them minimal; sample=3 for more whole runs
	$(pytest) tests/iam --write --world --sample $(or $(sample),1)

.PHONY: api-types
api-types: $(backend)/.venv/.stamp $(frontend)/node_modules/.stamp ## Write the API's description, and of it the frontend's types
	cd $(backend) && PYTHONPATH=src .venv/bin/python -m rag.describe > ../frontend/openapi.json
	cd $(frontend) && npm run --silent api-types

.PHONY: screenshots
screenshots: caches $(backend)/.venv/.stamp $(frontend)/node_modules/.stamp ## Pictures of the frontend's pages, from a real backend (docs/images)
	cd $(frontend) && npm run --silent build && npm run --silent screenshots

.PHONY: fields
fields: setup ## Write what roles say of the fields of AWS resources, by their tables (docs/guide.md)
	$(pytest) tests/unit/test_fields.py --write

.PHONY: compliance
compliance: caches ## Checkov over what the platform makes (docs/compliance.md); write=1 writes the page
	$(pytest) tests/compliance $(if $(write),--write)

.PHONY: charts
charts: caches ## The official charts from CHARTS=<folder> with the roles' values; write=1 writes the facts about them
	$(pytest) tests/charts --charts $(or $(CHARTS),$(error CHARTS=<folder> is needed: docs/development.md)) $(if $(write),--write)

.PHONY: performance
performance: caches ## What running side by side saves (docs/performance.md); latency=50 sets the calls' ms
	PYTHONPATH=tests:collections $(python) tests/performance/measure.py $(latency)

.PHONY: coverage
coverage: caches ## Lines and branches of plugins/ that its tests run
	rm -f .coverage .coverage.*
	_ANSIBLE_ANSIBALLZ_COVERAGE_CONFIG='{"config": "$(CURDIR)/tests/coverage_of_modules.toml", "output": "$(CURDIR)/.coverage.module"}' \
	  $(pytest) -n 2 --dist loadfile --cov --cov-report=term tests/unit/plugins tests/unit/roles tests/unit/playbooks

.PHONY: backend-coverage
backend-coverage: caches $(backend)/.venv/.stamp ## Lines of the backend that its tests run, those of its processes included
	cd $(backend) && rm -f .coverage .coverage.*
	cd $(backend) && .venv/bin/python -m coverage run -m pytest -n $(worlds) --dist loadfile -m "not slow"
	cd $(backend) && .venv/bin/python -m coverage combine --quiet && .venv/bin/python -m coverage report

.PHONY: integration
integration: caches $(frontend)/node_modules/.stamp ## The whole life of the platform in the rehearsal, from empty to destroyed
	$(pytest) -x -s tests/integration $(addprefix --ignore tests/integration/test_,rotation.py sign_in.py external_secrets.py karpenter.py supply_chain.py dev_inventory.py)

.PHONY: rotation
rotation: caches ## Every secret that can be rotated is, in the rehearsal, and the application answers
	$(pytest) -x -s tests/integration/test_rotation.py

.PHONY: sign-in
sign-in: caches ## People sign in at a user pool of Cognito, in the rehearsal
	$(pytest) -x -s tests/integration/test_sign_in.py

.PHONY: external-secrets
external-secrets: caches ## The platform's life with the External Secrets Operator in the rehearsal
	$(pytest) -x -s tests/integration/test_external_secrets.py --external-secrets

.PHONY: dev-inventory
dev-inventory: caches ## The inventory dev as it is shipped, through its tunnel, in the rehearsal
	$(pytest) -x -s tests/integration/test_dev_inventory.py

.PHONY: karpenter
karpenter: caches ## Nodes that Karpenter makes and takes away in the rehearsal
	$(pytest) -x -s tests/integration/test_karpenter.py --karpenter

.PHONY: supply-chain
supply-chain: caches ## Images scanned, listed and signed by the real grype, syft and cosign (docs/images.md)
	cd rehearsal/supply-chain && CGO_ENABLED=0 go vet -trimpath ./...
	$(pytest) -x tests/supply_chain
	$(pytest) -x -s tests/integration/test_supply_chain.py --no-kubernetes

.PHONY: versions
versions: caches ## An old ansible-core is refused, the newest bundle plans and does the same (Python 3.12)
	$(pytest) tests/versions --ignore tests/versions/test_helm_4.py

.PHONY: helm-4
helm-4: caches ## Helm 4, compiled once, does what Helm 3 does
	$(pytest) tests/versions/test_helm_4.py

.PHONY: rollout
rollout: caches ## Failing rollouts, drift, rollback and promotion in the rehearsal's cluster
	.venv/bin/rehearsal up
	status=0; .venv/bin/rehearsal exec -- $(pytest) -x -s tests/rollout || status=$$?; .venv/bin/rehearsal down; exit $$status

.PHONY: resilience
resilience: caches ## Load while images, configuration, pods and nodes change, in a world of its own
	.venv/bin/rehearsal up
	.venv/bin/rehearsal exec -- .venv/bin/ansible-playbook site.yml -i inventories/rehearsal
	.venv/bin/rehearsal ask --document docs/architecture.md "Which tags does every resource carry?"
	status=0; .venv/bin/rehearsal exec -- $(pytest) -s tests/resilience || status=$$?; .venv/bin/rehearsal down; exit $$status

.PHONY: lock
lock: setup ## Resolve the lock files anew
	cd requirements && for name in bootstrap platform ministack checkov oldest; do \
	  ../$(uv) pip compile --quiet --generate-hashes --python-version 3.11 --no-header $$name.in --output-file $$name.txt; done; \
	  ../$(uv) pip compile --quiet --generate-hashes --python-version 3.12 --no-header newest.in --output-file newest.txt
	cd rehearsal/kubernetes && go mod tidy
	cd rehearsal/external-secrets && go mod tidy
	cd rehearsal/karpenter && go mod tidy
	cd rehearsal/supply-chain && go mod tidy
	cd $(frontend) && npm install --package-lock-only
