# One image for every tier; the environment chooses which (see .env.example and docker-compose.yml).
FROM node:24-bookworm-slim AS packages
WORKDIR /packages
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH PYTHONPATH=/srv/cityops/platform:/srv/cityops \
    DJANGO_SETTINGS_MODULE=cityops.settings.production CITYOPS_VAR=/var/lib/cityops
WORKDIR /srv/cityops
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 \
    libharfbuzz-subset0 fonts-wqy-microhei && rm -rf /var/lib/apt/lists/*
COPY requirements requirements
RUN python -m venv /opt/venv \
 && pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip sync --no-cache --python /opt/venv/bin/python --require-hashes requirements/run.txt requirements/data.txt
COPY . .
COPY --from=packages /packages/node_modules /tmp/node_modules
RUN python bin/copy_assets.py /tmp/node_modules var/assets \
 && rm -rf /tmp/node_modules \
 && find platform -name '*.po' -exec sh -c 'pybabel -q compile -i "$1" -o "${1%.po}.mo"' sh {} ';' \
 && useradd --system --home-dir /var/lib/cityops --create-home cityops \
 && CITYOPS_TIER=municipal CITYOPS_REGION=330100000000 CITYOPS_NODE=330100000000-C CITYOPS_ALLOWED_HOSTS=build \
    CITYOPS_SECRET_KEY=only-while-the-image-is-built-and-never-where-people-work DATABASE_URL=postgis://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --noinput \
 && chown -R cityops: /var/lib/cityops
USER cityops
VOLUME /var/lib/cityops/keys
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD \
  ["python", "-c", "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/healthz', headers={'Host': os.environ['CITYOPS_ALLOWED_HOSTS'].split(',')[0]}), timeout=4)"]
CMD ["gunicorn", "cityops.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
