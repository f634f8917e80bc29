package org.canbridge.runtime.family.clip;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * The files of a CLIP tokenizer as one definition, which is {@code tokenizer.json} where the folder
 * has it and else what transformers makes of {@code vocab.json} and {@code merges.txt}.
 *
 * @param file the file that names the tokens, for messages
 * @param definition in the format of {@code tokenizer.json}
 * @param startOfText id of the token in front of every text
 * @param endOfText id of the token behind it
 * @param padding id of what follows that
 */
record ClipVocabulary(
    Path file, String definition, long startOfText, long endOfText, long padding) {
  private static final String START = "<|startoftext|>";
  private static final String END = "<|endoftext|>";

  /** What is a word: contractions, letters, a single digit, or anything else but white space. */
  private static final String WORDS =
      "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  /** CLIP's own files have 2 MB; no vocabulary is near this. */
  private static final long MAX_BYTES = 64L << 20;

  static ClipVocabulary read(Path folder) {
    Path whole = folder.resolve("tokenizer.json");
    Path vocab = folder.resolve("vocab.json");
    Path merges = folder.resolve("merges.txt");
    if (Files.isRegularFile(whole)) {
      ObjectNode definition = object(whole);
      return of(folder, whole, definition, tokens(whole, definition));
    }
    if (Files.isRegularFile(vocab) && Files.isRegularFile(merges)) {
      ObjectNode ids = object(vocab);
      Map<String, Long> tokens = new HashMap<>();
      addIds(vocab, ids, tokens);
      return of(folder, vocab, definition(vocab, ids, merges(merges), tokens), tokens);
    }
    throw InputFileException.of(TokenizerProblem.MISSING, folder)
        .what("the folder holds no tokenizer")
        .expected("tokenizer.json, or vocab.json and merges.txt")
        .next("get these files from where the text encoder was published")
        .build();
  }

  private static ClipVocabulary of(
      Path folder, Path file, ObjectNode definition, Map<String, Long> tokens) {
    long end = id(file, tokens, END);
    String padding = paddingToken(folder);
    return new ClipVocabulary(
        file,
        definition.toString(),
        id(file, tokens, START),
        end,
        padding.isEmpty() ? end : id(file, tokens, padding));
  }

  private static long id(Path file, Map<String, Long> tokens, String token) {
    Long id = tokens.get(token);
    if (id == null) {
      throw InputFileException.of(TokenizerProblem.NOT_CLIP, file)
          .what("the tokenizer is not CLIP's: it lacks a token")
          .expected(token)
          .actual(tokens.size() + " other tokens")
          .next("name the folder of the text encoder's tokenizer")
          .build();
    }
    return id;
  }

  /** Tokens and ids of a {@code tokenizer.json}. */
  private static Map<String, Long> tokens(Path file, ObjectNode definition) {
    Map<String, Long> tokens = new HashMap<>();
    addIds(file, definition.at("/model/vocab"), tokens);
    for (JsonNode added : definition.path("added_tokens")) {
      if (added.path("content").isTextual() && added.path("id").canConvertToLong()) {
        tokens.put(added.get("content").textValue(), added.get("id").longValue());
      }
    }
    return tokens;
  }

  private static void addIds(Path file, JsonNode vocabulary, Map<String, Long> tokens) {
    if (!vocabulary.isObject()) {
      throw malformed(file, "an object that maps tokens to ids").build();
    }
    for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
      JsonNode id = entry.getValue();
      if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
        throw malformed(file, "a whole number from 0").key(entry.getKey()).actual(id).build();
      }
      tokens.put(entry.getKey(), id.longValue());
    }
  }

  /** The pairs in order, without the line that names the version. */
  private static List<String> merges(Path file) {
    List<String> lines =
        new String(bytes(file), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.startsWith("#version") && !line.isBlank())
            .toList();
    for (String line : lines) {
      if (line.split(" ", -1).length != 2) {
        throw malformed(file, "two tokens on every line").actual(line).build();
      }
    }
    return lines;
  }

  /** What {@code CLIPConverter} of transformers makes, without what is done here. */
  private static ObjectNode definition(
      Path file, ObjectNode vocabulary, List<String> merges, Map<String, Long> tokens) {
    ObjectNode definition = Json.object();
    definition.put("version", "1.0");
    ArrayNode added = definition.putArray("added_tokens");
    for (String special : List.of(START, END)) {
      added
          .addObject()
          .put("id", id(file, tokens, special))
          .put("content", special)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false)
          .put("special", true);
    }
    ArrayNode normalizers =
        definition.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
    normalizers.addObject().put("type", "NFC");
    normalizers
        .addObject()
        .put("type", "Replace")
        .put("content", " ")
        .putObject("pattern")
        .put("Regex", "\\s+");
    normalizers.addObject().put("type", "Lowercase");
    ArrayNode pretokenizers =
        definition.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    pretokenizers
        .addObject()
        .put("type", "Split")
        .put("behavior", "Removed")
        .put("invert", true)
        .putObject("pattern")
        .put("Regex", WORDS);
    pretokenizers
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true);
    ObjectNode model = definition.putObject("model");
    model
        .put("type", "BPE")
        .put("unk_token", END)
        .put("continuing_subword_prefix", "")
        .put("end_of_word_suffix", "</w>")
        .put("fuse_unk", false);
    model.set("vocab", vocabulary);
    ArrayNode pairs = model.putArray("merges");
    merges.forEach(pairs::add);
    return definition;
  }

  /** The padding token that the folder names; empty if it names none. */
  private static String paddingToken(Path folder) {
    for (String name : List.of("tokenizer_config.json", "special_tokens_map.json")) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        JsonNode token = object(file).path("pad_token");
        String text = token.path("content").asText(token.asText(""));
        if (!token.isNull() && !text.isEmpty()) {
          return text;
        }
      }
    }
    return "";
  }

  private static ObjectNode object(Path file) {
    return Json.object(
        file,
        MAX_BYTES,
        (found, cause) -> malformed(file, "a JSON object").actual(found).cause(cause).build());
  }

  private static byte[] bytes(Path file) {
    try {
      long size = Files.size(file);
      if (size > MAX_BYTES) {
        throw malformed(file, "at most " + MAX_BYTES + " bytes").actual(size + " bytes").build();
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw InputFileException.unreadable(file, e);
    }
  }

  private static InputFileException.Builder malformed(Path file, String expected) {
    return InputFileException.of(TokenizerProblem.MALFORMED, file)
        .what("the file is not part of a tokenizer")
        .expected(expected)
        .next("get a complete copy of the model's tokenizer files");
  }
}
