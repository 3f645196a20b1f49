STACK  ?= clean-server
PYTHON ?= python3
RUN     = $(PYTHON) -m toolchain

.DEFAULT_GOAL := help
.PHONY: help up preview destroy status images logs shell manage dbshell settings doctor ledger \
	recover restore server env engine base test test-all test-unit test-integration check config ci package

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  STACK=$(STACK) chooses the stack; afterwards \`source ./activate\` and plain pulumi"

up: ## get what is missing, deploy the stack, say where the site is
	@$(RUN) up --stack '$(STACK)'

preview: ## show what up would do
	@$(RUN) preview --stack '$(STACK)'

destroy: ## remove the stack's site; data, media and secrets are kept
	@$(RUN) destroy --stack '$(STACK)'

status: ## show how the site is: release, containers, health, migrations, last copy, disk; JSON=yes
	@$(RUN) status --stack '$(STACK)' $(if $(filter yes,$(JSON)),--json)

images: ## say of which images that others make (base, PostgreSQL) a registry has a newer one
	@$(RUN) images --stack '$(STACK)'

logs: ## show what its containers print; FOLLOW=yes goes on, LINES=500, OF=edge or postgres
	@$(RUN) logs --stack '$(STACK)' --of '$(OF)' --lines '$(LINES)' \
		$(if $(filter yes,$(FOLLOW)),--follow)

shell: ## open a shell in the serving release, in a container of its own
	@$(RUN) shell --stack '$(STACK)'

manage: ## run a management command there: CMD="check --deploy"
	@$(RUN) manage --stack '$(STACK)' --line="$$CMD"

dbshell: ## open the database's command line; CMD='-c "select 1"' are its words
	@$(RUN) dbshell --stack '$(STACK)' --line="$$CMD"

settings: ## show what each of the project's settings was, is, and why; CMD=--all, CMD=--json
	@$(RUN) settings --stack '$(STACK)' --line="$$CMD"

doctor: ## look for what is wrong on this machine, with the stack and its host; say what mends it
	@$(RUN) doctor --stack '$(STACK)'

ledger: ## show what ran: migrate, collectstatic, seeding; when, where, how long
	@$(RUN) ledger --stack '$(STACK)'

restore: ## list the copies of the database, or with BACKUP=ID put one back (STAY_STOPPED=yes)
	@$(RUN) restore --stack '$(STACK)' --backup '$(BACKUP)' --stay-stopped '$(STAY_STOPPED)'

recover: ## after an interrupted up: say what it left, and put it right; DRY_RUN=yes only says
	@$(RUN) recover --stack '$(STACK)' $(if $(filter yes,$(DRY_RUN)),--dry-run) \
		$(if $(filter yes,$(TAKE_DOWN)),--take-down)

server: ## get a Debian server ready for sites by ssh, HOST=ssh://root@server; YES=yes asks nobody
	@$(RUN) server '$(HOST)' $(if $(filter yes,$(YES)),--yes) --registry '$(REGISTRY)' --ca '$(CA)'

env: ## get what Pulumi needs (environment, engine, Docker, base image), and deploy nothing
	@$(RUN) prepare

engine: ## get the Pulumi engine: yours, the official release, or built from source
	@$(RUN) engine

base: ## get the image that releases are built on
	@$(RUN) base

test: ## checks, unit tests, and of each promise one test with the real engine and daemon
	@$(RUN) test

test-all: ## all checks and tests, with the real engine and daemon
	@$(RUN) test-all

test-unit: ## unit tests only
	@$(RUN) test-unit

test-integration: ## integration tests only; TESTS='tests/integration/test_edge.py -k body' chooses
	@$(RUN) test-integration --tests="$$TESTS"

check: ## ruff, mypy, who may import whom, and whether what is generated is up to date
	@$(RUN) check

package: ## build the wheel and the source archive into dist/; nothing is published
	@$(RUN) package

config: ## after a change to components/config/keys: write README, docs/configuration.md, stacks/schema.json
	@$(RUN) config

ci: ## the same as test, then whole modules of integration tests while there is time
	@$(RUN) ci
