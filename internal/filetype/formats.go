package filetype

const (
	word         = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	sheet        = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	presentation = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	openText     = "application/vnd.oasis.opendocument.text"
	openSheet    = "application/vnd.oasis.opendocument.spreadsheet"
	openSlides   = "application/vnd.oasis.opendocument.presentation"
	epub         = "application/epub+zip"
	zip          = "application/zip"
	ole          = "application/x-ole-storage"
)

// formats are what extensions stand for whose content is well known: nothing else may
// be in a file that is allowed by one of them. The first is the usual one.
var formats = map[string][]string{
	".pdf": {"application/pdf"},
	".png": {"image/png", "image/apng"}, ".jpg": {"image/jpeg"}, ".jpeg": {"image/jpeg"}, ".gif": {"image/gif"}, ".webp": {"image/webp"},
	".bmp": {"image/bmp"}, ".tif": {"image/tiff"}, ".tiff": {"image/tiff"}, ".avif": {"image/avif"},
	".heic": {"image/heic", "image/heic-sequence", "image/heif"}, ".heif": {"image/heif", "image/heif-sequence", "image/heic"},
	".mp3": {"audio/mpeg"}, ".wav": {"audio/wav"}, ".flac": {"audio/flac"}, ".m4a": {"audio/x-m4a", "audio/mp4", "video/mp4"},
	".ogg": {"audio/ogg", "video/ogg", "application/ogg"},
	".mp4": {"video/mp4", "audio/mp4", "video/x-m4v", "video/quicktime"}, ".m4v": {"video/x-m4v", "video/mp4"}, ".mov": {"video/quicktime", "video/mp4"},
	".webm": {"video/webm", "video/matroska"}, ".mkv": {"video/matroska", "video/webm"}, ".avi": {"video/x-msvideo"},
	".zip": {zip}, ".7z": {"application/x-7z-compressed"}, ".rar": {"application/vnd.rar"}, ".gz": {"application/gzip"},
	".docx": {word, zip}, ".xlsx": {sheet, zip}, ".pptx": {presentation, zip},
	".odt": {openText, zip}, ".ods": {openSheet, zip}, ".odp": {openSlides, zip}, ".epub": {epub, zip},
	".doc": {"application/msword", ole}, ".xls": {"application/vnd.ms-excel", ole}, ".ppt": {"application/vnd.ms-powerpoint", ole},
}

// containers are formats of which the first bytes may not tell more than that.
var containers = map[string][]string{
	zip: {word, sheet, presentation, openText, openSheet, openSlides, epub},
	ole: {"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"},
}
