package org.canbridge.tensors.files;

/** Every way in which an input file can be wrong. */
public enum Problem {
  // any file
  /** There is no such file. */
  MISSING,
  /** A directory was given where a file is needed. */
  IS_A_DIRECTORY,
  /** A pipe, a socket or a device. */
  NOT_A_REGULAR_FILE,
  /** The file has no bytes. */
  EMPTY,
  /** Git LFS left its pointer in place of the file. */
  LFS_POINTER,
  /** A web page (sign-in, error) saved under the file's name. */
  HTML_PAGE,
  /** No format that is read here. */
  NOT_A_CHECKPOINT,
  /** The operating system refuses to read it. */
  UNREADABLE,
  /** The file ends before what its own header announces. */
  TRUNCATED,
  /** The file became shorter after it was opened. */
  CHANGED_WHILE_OPEN,

  // tensors in any format
  /** An element type that no reader here knows. */
  UNKNOWN_DTYPE,
  /** A negative or overflowing size, or too many dimensions. */
  BAD_SHAPE,
  /** The bytes of a tensor are not as many as its shape and element type need. */
  SIZE_MISMATCH,
  /** A name occurs twice. */
  DUPLICATE_KEY,

  // onnx
  /** Larger than a protocol buffers message can be. */
  ONNX_TOO_LARGE,
  /** The bytes are no {@code ModelProto}. */
  ONNX_MALFORMED,
  /** An initializer without a name. */
  ONNX_NAMELESS,
  /** A tensor's elements are stored in more than one place. */
  ONNX_AMBIGUOUS_DATA,
  /** A tensor that is stored in segments. */
  ONNX_SEGMENT,
  /** A sparse initializer. */
  ONNX_SPARSE,
  /** An element that its type cannot hold. */
  ONNX_VALUE_RANGE,
  /** A weight that the exporter renamed beyond recovery. */
  ONNX_RENAMED,
  /** External data outside the model's folder. */
  EXTERNAL_PATH,
  /** The external data file is not there. */
  EXTERNAL_MISSING,
  /** Offset or length leave the external data file. */
  EXTERNAL_RANGE,

  // safetensors
  /** The header's length is past the format's limit. */
  HEADER_TOO_LARGE,
  /** The header is not a JSON object. */
  HEADER_NOT_JSON,
  /** A tensor's header entry has missing, unknown or ill-typed fields. */
  BAD_HEADER_ENTRY,
  /** {@code __metadata__} is not an object of strings. */
  BAD_METADATA,
  /** {@code data_offsets} are negative or reversed. */
  BAD_OFFSETS,
  /** Two tensors share bytes. */
  OVERLAP,
  /** Bytes between tensors that belong to none. */
  HOLE,
  /** Bytes after the last tensor. */
  TRAILING_BYTES,

  // npy
  /** The first bytes are not those of a {@code .npy} file, or of an unknown version. */
  NPY_MAGIC,
  /** The header is not the dictionary that NumPy writes. */
  NPY_HEADER,
  /** An array of Python objects where one of numbers is needed, or the reverse. */
  NPY_OBJECTS,

  // IDX
  /** The first bytes are not those of an IDX file of bytes. */
  IDX_MAGIC,
  /** The gzip stream is damaged, or holds more or less than its content announces. */
  GZIP_DAMAGED,

  // what the tensors are
  /** The tensors are those of no network that is known. */
  UNKNOWN_FAMILY,
  /** The network is known by name and not read. */
  UNSUPPORTED_FAMILY,
  /** {@code --weights} asks for a set that the file does not hold. */
  NO_SUCH_WEIGHTS,
  /** The sets of weights in one file have different tensors. */
  UNEQUAL_WEIGHTS,
  /** Some names carry a training wrapper's prefix, others do not. */
  MIXED_PREFIX,
  /** Tensors are missing, left over, or of another shape or type than the layout has. */
  KEY_MISMATCH,
  /** The tensors contradict an option. */
  CONTRADICTION,
  /** The file cannot tell something that must be known. */
  NEEDS_OPTION,
  /** The sizes are those of no network. */
  IMPOSSIBLE_CONFIG,

  // model directories
  /** A directory without a {@code config.json} of ours. */
  NOT_A_MODEL_DIRECTORY,
  /** {@code config.json} is not one JSON object. */
  CONFIG_NOT_JSON,
  /** {@code config.json} is of another version of the format. */
  CONFIG_VERSION,
  /** A field of {@code config.json} is missing, unknown or wrong. */
  CONFIG_FIELD,

  // schedulers
  /** A scheduler of diffusers, or a setting of one, that is not followed here. */
  UNSUPPORTED_SCHEDULER,

  // folders of images
  /** The folder for images holds those of another run, or other files. */
  SAMPLES_OF_OTHER_SETTINGS,
  /** A training run's directory is none, is damaged, or was begun with other settings. */
  TRAINING_STATE,

  // training runs
  /** A line of a run's metrics is no JSON object of ours, or out of order. */
  METRICS_MALFORMED,

  // statistics of features
  /** A tensor is missing, left over, or has another type or shape than it should. */
  STATISTICS_TENSORS,
  /** Values that are no mean and covariance. */
  STATISTICS_VALUES,

  // data sets for training
  /** Neither a folder nor a file of any kind that is known. */
  NOT_A_TRAINING_SET,
  /** Part of the data set is not there. */
  TRAINING_SET_INCOMPLETE,
  /** The examples have another shape than the network takes. */
  EXAMPLE_SHAPE,
  /** A label outside the network's classes. */
  EXAMPLE_LABEL,
  /** A value that is not a number, or infinite. */
  EXAMPLE_NOT_FINITE,
  /** An image that no reader takes. */
  IMAGE_UNREADABLE,
  /** An image with more pixels than are decoded. */
  IMAGE_TOO_LARGE,
  /** A file among the examples that is none. */
  ODD_FILE,
  /** Fewer examples than one batch. */
  TOO_FEW_EXAMPLES,

  // reference bundles
  /** A file was given where a directory is needed. */
  NOT_A_DIRECTORY,
  /** One of the bundle's two files is missing. */
  BUNDLE_INCOMPLETE,
  /** {@code reference.json} is not a JSON object. */
  BUNDLE_NOT_JSON,
  /** A field of {@code reference.json} has the wrong type or form. */
  BUNDLE_BAD_FIELD,
  /** A tensor that is no input, no output and no activation. */
  BUNDLE_UNKNOWN_TENSOR,
  /** There is nothing to compare with. */
  BUNDLE_WITHOUT_OUTPUT,
  /** {@code reference.json} lists other tensors than {@code reference.safetensors} holds. */
  BUNDLE_TENSORS_DISAGREE,
  /** A call needs an input that the bundle does not hold. */
  BUNDLE_INPUT_MISSING,

  // torch
  /** The zip archive's directory or a local header is inconsistent. */
  ZIP_DAMAGED,
  /** An entry of the zip archive is compressed or encrypted. */
  ZIP_ENTRY_NOT_STORED,
  /** A zip archive with a program in it, written by {@code torch.jit.save}. */
  TORCHSCRIPT,
  /** A tar archive, as PyTorch wrote it before version 0.1.10. */
  TORCH_TAR,
  /** Written on a big-endian machine. */
  BIG_ENDIAN,
  /** The pickle asks for a Python object that is not on the list. */
  PICKLE_GLOBAL,
  /** An instruction or a protocol that PyTorch does not write. */
  PICKLE_OPCODE,
  /** The pickle's instructions do not fit together. */
  PICKLE_MALFORMED,
  /** More bytes, instructions, entries or nesting than any checkpoint has. */
  PICKLE_LIMIT,
  /** A sparse, quantised, meta, nested or otherwise special tensor. */
  UNSUPPORTED_TENSOR,
  /** A tensor's data are not in the file. */
  STORAGE_MISSING,
  /** A storage has not as many bytes as the pickle says. */
  STORAGE_SIZE,
  /** A tensor reaches past the end of its storage. */
  TENSOR_OUTSIDE_STORAGE,
  /** Strides repeat a few stored elements into more than the file could hold. */
  EXPANDED_TOO_LARGE,

  // shards
  /** The index names a file outside its own folder. */
  SHARD_NAME,
  /** A file that the index names is not there. */
  SHARD_MISSING,
  /** The index names a tensor that its shard does not hold. */
  SHARD_LACKS_TENSOR,
  /** A shard holds a tensor that the index does not place there. */
  TENSOR_NOT_IN_INDEX,

  // tokenizers
  /** A folder without a tokenizer's files. */
  TOKENIZER_MISSING,
  /** A tokenizer's file is not JSON, or has other fields. */
  TOKENIZER_MALFORMED,
  /** A tokenizer without CLIP's tokens for start and end. */
  TOKENIZER_NOT_CLIP,
  /** The tokenizer library does not take the definition. */
  TOKENIZER_REFUSED
}
