-- Which protocol an upload comes by: '' is tus, where it is complete with its
-- last byte; 'ietf' is Resumable Uploads for HTTP, where it is complete when its
-- sender says so.

-- +goose Up
ALTER TABLE shares ADD COLUMN dialect TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE shares DROP COLUMN dialect;
