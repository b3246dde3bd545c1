package cli

import (
	"archive/zip"
	"compress/flate"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// zipped is a folder as a zip archive, made while it is read: nothing of it is kept.
// It holds the regular files and the folders, with their times, below the folder's own
// name. Links are left out: they could lead anywhere.
func zipped(dir string) io.ReadCloser {
	out, in := io.Pipe()
	go func() { in.CloseWithError(zipInto(in, dir)) }()
	return out
}

func zipInto(w io.Writer, dir string) error {
	root, err := os.OpenRoot(dir) // nothing outside is read, whatever is changed meanwhile
	if err != nil {
		return err
	}
	defer root.Close()
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	base := filepath.Base(dir)
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return addTo(archive, root, info, name, path.Join(base, name))
	})
	if err != nil {
		return err
	}
	return archive.Close()
}

// addTo adds a file, or an empty folder's name.
func addTo(archive *zip.Writer, root *os.Root, info fs.FileInfo, name, as string) error {
	header, err := zip.FileInfoHeader(info)
	if err != nil {
		return err
	}
	header.Name, header.Method = as, zip.Deflate
	if info.IsDir() {
		header.Name += "/"
		header.Method = zip.Store
	}
	to, err := archive.CreateHeader(header)
	if err != nil || info.IsDir() {
		return err
	}
	file, err := root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(to, file)
	return err
}
