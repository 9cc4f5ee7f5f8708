# An image for Render, Railway, Fly and everything else that runs containers.
# https://docs.docker.com/reference/dockerfile/
FROM python:3.13-slim AS build
RUN python -m venv /venv
WORKDIR /source
COPY . .
RUN /venv/bin/pip install --no-cache-dir -r requirements.txt

# The source stays behind: it is in /venv, as a package.
FROM python:3.13-slim
COPY --from=build /venv /venv
WORKDIR /app
COPY wsgi.py .
ENV PATH=/venv/bin:$PATH HOST=0.0.0.0 PORT=8000
# A number, because Kubernetes can't tell that a name isn't root.
USER 10001
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["python", "-c", "import http.client, os; http = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); http.request('GET', '/health'); exit(http.getresponse().status != 200)"]
# Without a shell in between, so that SIGTERM reaches gunicorn. The service reads HOST and PORT itself.
CMD ["python", "-m", "tasks_api"]
