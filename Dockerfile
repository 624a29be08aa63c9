# The page and the HTTP API on a CPU: docker build -t colloquy . && docker run -p 7860:7860 colloquy
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/*

# On the ordinary index, torch for x86-64 may bring CUDA, which works and is gigabytes larger. Give
# the address of torch's index of CPU builds by --build-arg TORCH_INDEX=... to leave it out. In one
# call with the rest, as requirements.txt asks.
ARG TORCH_INDEX=
WORKDIR /srv/colloquy
COPY requirements.txt ./
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "${TORCH_INDEX}"} \
    -r requirements.txt

RUN useradd --create-home --uid 1000 colloquy \
    && mkdir -p /data/cache /data/share /data/files \
    && chown -R colloquy /data
COPY app.py ./
COPY app ./app
COPY pipeline ./pipeline
COPY assets ./assets

# Measured costs, added voices, visitors' files.
ENV COLLOQUY_HOST=0.0.0.0 \
    COLLOQUY_PORT=7860 \
    XDG_CACHE_HOME=/data/cache \
    XDG_DATA_HOME=/data/share \
    GRADIO_TEMP_DIR=/data/files \
    GRADIO_EXAMPLES_CACHE=/data/examples \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
VOLUME /data
USER colloquy
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"COLLOQUY_PORT\"]}/health', timeout=4)"]
CMD ["python", "app.py"]
