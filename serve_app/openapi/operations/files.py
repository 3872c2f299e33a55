"""Files and uploads."""

from serve_app.openapi.operation import JSON, Form, Operation
from serve_app.routes import files, uploads
from wire.openai.files import (
    FileDeleted,
    FileList,
    FileObject,
    FileRequest,
    PartRequest,
    Upload,
    UploadPart,
)

OPERATIONS = (
    Operation(
        endpoint=files.upload_file,
        tag="files",
        uses_database=True,
        form=Form(FileRequest, {"file": True}),
        answers={JSON: FileObject},
        examples={"text": {"file": "@handbook.txt", "purpose": "assistants"}},
    ),
    Operation(
        endpoint=files.list_files,
        tag="files",
        uses_database=True,
        answers={JSON: FileList},
    ),
    Operation(
        endpoint=files.retrieve_file,
        tag="files",
        uses_database=True,
        answers={JSON: FileObject},
    ),
    Operation(
        endpoint=files.delete_file,
        tag="files",
        uses_database=True,
        answers={JSON: FileDeleted},
    ),
    Operation(
        endpoint=files.file_content,
        name="retrieve_file_content",
        tag="files",
        uses_database=True,
        answers={"application/octet-stream": bytes},
    ),
    Operation(
        endpoint=uploads.create_upload,
        tag="files",
        uses_database=True,
        answers={JSON: Upload},
        examples={
            "text": {
                "filename": "book.txt",
                "bytes": 1000000000,
                "mime_type": "text/plain",
                "purpose": "assistants",
            }
        },
    ),
    Operation(
        endpoint=uploads.add_upload_part,
        tag="files",
        uses_database=True,
        form=Form(PartRequest, {"data": True}),
        answers={JSON: UploadPart},
        examples={"part": {"data": "@part.bin"}},
    ),
    Operation(
        endpoint=uploads.complete_upload,
        tag="files",
        uses_database=True,
        answers={JSON: Upload},
        examples={"two parts": {"part_ids": ["part_0123456789abcdef", "part_fedcba9876543210"]}},
    ),
    Operation(
        endpoint=uploads.cancel_upload,
        tag="files",
        uses_database=True,
        answers={JSON: Upload},
        errors=(400,),
    ),
)
