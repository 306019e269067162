# The hub as an image: docker build -f configs/hub.Dockerfile -t simpang-hub .
FROM python:3.11.11-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

WORKDIR /opt/simpang
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY telemetry telemetry
COPY drivers drivers
COPY service service
COPY edge_agent edge_agent
COPY simulation simulation
COPY hub hub
RUN pip install --no-deps --no-build-isolation . \
    && useradd --system --uid 10001 --home-dir /var/lib/simpang --create-home simpang

USER simpang
VOLUME /var/lib/simpang
ENTRYPOINT ["simpang-hub"]
CMD ["run", "--config", "/etc/simpang/hub.toml", "--status-file", "/run/simpang/hub.json"]
HEALTHCHECK --interval=10s --timeout=5s --retries=6 CMD ["python", "-c", \
    "import os, sys, time; sys.exit(time.time() - os.path.getmtime('/run/simpang/hub.json') > 30)"]
