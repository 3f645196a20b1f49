#!/usr/bin/env bash
# Deploys the site with Docker Compose.
#   ./deploy.sh           a clean server, or a re-deployment: build, start, initialize the database
#   ./deploy.sh update    new code: build and start; the container's command migrates
set -euo pipefail
cd "$(dirname "$0")"

COMPOSE_FILES="${COMPOSE_FILES:-docker-compose.prod.yml}"
SECONDS_TO_START="${SECONDS_TO_START:-180}"

print_header() { printf '\n== %s ==\n' "$1"; }
print_step() { printf -- '-> %s\n' "$1"; }
print_warning() { printf 'warning: %s\n' "$1" >&2; }
print_error() { printf 'error: %s\n' "$1" >&2; }

compose() {
    local files=()
    for file in $COMPOSE_FILES; do files+=(-f "$file"); done
    docker compose "${files[@]}" "$@"
}

in_backend() {
    compose exec -T backend "$@"
}

check_requirements() {
    if ! docker compose version >/dev/null 2>&1; then
        print_error "docker compose is missing: install Docker Compose v2"
        exit 1
    fi
    if [ ! -f .env ]; then
        print_error "there is no .env: cp .env.example .env, then set SECRET_KEY and the password"
        exit 1
    fi
}

build_images() {
    print_header "Building images"
    compose build
}

start_containers() {
    print_header "Starting containers"
    compose up -d --no-build "$@"
}

wait_for_backend() {
    print_step "Waiting for the backend..."
    local deadline=$((SECONDS + SECONDS_TO_START))
    until in_backend python -c \
        "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/', timeout=5)" \
        >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            print_error "the backend does not answer after $SECONDS_TO_START seconds; its log:"
            compose logs --tail 30 backend >&2
            exit 1
        fi
        sleep 0.5
    done
}

initialize_database() {
    print_header "Database initialization"

    print_step "Running database migrations..."
    in_backend python manage.py migrate

    print_step "Fixing permissions..."
    compose exec -T -u root backend chown -R app:app /app/data /app/media /app/staticfiles

    print_step "Collecting static files..."
    in_backend python manage.py collectstatic --noinput || print_warning "collectstatic failed"

    print_step "Creating default roles..."
    in_backend python manage.py seed_roles

    print_step "Granting permissions..."
    in_backend python manage.py seed_permissions

    print_step "Creating the administrator..."
    in_backend python manage.py seed_admin

    print_step "Creating editors..."
    in_backend python manage.py seed_editors

    print_step "Creating site settings..."
    in_backend python manage.py seed_site_settings

    print_step "Creating categories..."
    in_backend python manage.py seed_categories

    print_step "Creating placeholder images..."
    in_backend python manage.py seed_images

    print_step "Creating pages..."
    in_backend python manage.py seed_pages

    print_step "Creating the navigation..."
    in_backend python manage.py seed_navigation

    print_step "Creating the announcement..."
    in_backend python manage.py seed_announcement
}

main() {
    check_requirements
    build_images
    if [ "${1:-}" = update ]; then
        start_containers
        wait_for_backend
    else
        start_containers --force-recreate
        wait_for_backend
        initialize_database
    fi
    print_header "Done"
}

main "$@"
