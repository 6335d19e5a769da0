# The bot in a slim image. The database, its backups and config/ stay outside: docker-compose.yml mounts them at
# /parley/data, /parley/backups and /parley/config.
FROM python:3.13-slim-bookworm AS packages
COPY requirements/charts.txt /tmp/charts.txt
RUN python -m venv /opt/parley \
    && /opt/parley/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/charts.txt

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /parley --create-home parley \
    && mkdir /parley/data /parley/backups && chown parley /parley/data /parley/backups
COPY --from=packages /opt/parley /opt/parley
WORKDIR /parley
COPY bot bot
ENV PATH=/opt/parley/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    PARLEY_DATABASE=/parley/data/parley.db \
    PARLEY_CONFIG=/parley/config \
    PARLEY_HEALTH_PORT=8080
USER 10001
VOLUME ["/parley/data", "/parley/backups"]
STOPSIGNAL SIGTERM
# Polling needs a minute to be sure. What is wrong stands in `docker inspect --format '{{json .State.Health}}' …`.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import http.client as http; page = http.HTTPConnection('127.0.0.1', 8080, timeout=4); \
page.request('GET', '/healthz'); answer = page.getresponse(); print(answer.read().decode()); \
raise SystemExit(answer.status != 200)"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
