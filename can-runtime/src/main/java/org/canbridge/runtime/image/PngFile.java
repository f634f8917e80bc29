package org.canbridge.runtime.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.canbridge.tensors.files.AtomicFile;

/**
 * PNG files with text chunks: {@code tEXt} for Latin-1 values, {@code iTXt} (UTF-8) for others (PNG
 * specification, third edition, section 11.3.3).
 */
final class PngFile {
  private static final int LONGEST_KEYWORD = 79;

  private PngFile() {}

  /** Writes under a temporary name beside the file, then renames. */
  static void write(BufferedImage picture, Path file, Map<String, String> text) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    try (AtomicFile written = AtomicFile.create(file)) {
      // Pictures are encoded in memory: ImageIO hides why a stream could not be written.
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      encode(picture, bytes, text);
      written.write(ByteBuffer.wrap(bytes.toByteArray()));
      written.commit();
    }
  }

  private static void encode(BufferedImage picture, OutputStream out, Map<String, String> text)
      throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("png").next();
    try (ImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      IIOMetadata metadata =
          writer.getDefaultImageMetadata(
              ImageTypeSpecifier.createFromRenderedImage(picture), writer.getDefaultWriteParam());
      metadata.mergeTree(metadata.getNativeMetadataFormatName(), chunks(metadata, text));
      writer.setOutput(stream);
      writer.write(new IIOImage(picture, null, metadata));
    } finally {
      writer.dispose();
    }
  }

  private static IIOMetadataNode chunks(IIOMetadata metadata, Map<String, String> text) {
    IIOMetadataNode latin = new IIOMetadataNode("tEXt");
    IIOMetadataNode international = new IIOMetadataNode("iTXt");
    text.forEach(
        (keyword, value) -> {
          checkKeyword(keyword);
          if (isLatin1(value)) {
            latin.appendChild(latinEntry(keyword, value));
          } else {
            international.appendChild(internationalEntry(keyword, value));
          }
        });
    IIOMetadataNode root = new IIOMetadataNode(metadata.getNativeMetadataFormatName());
    if (latin.hasChildNodes()) {
      root.appendChild(latin);
    }
    if (international.hasChildNodes()) {
      root.appendChild(international);
    }
    return root;
  }

  private static IIOMetadataNode latinEntry(String keyword, String value) {
    IIOMetadataNode entry = new IIOMetadataNode("tEXtEntry");
    entry.setAttribute("keyword", keyword);
    entry.setAttribute("value", value);
    return entry;
  }

  private static IIOMetadataNode internationalEntry(String keyword, String value) {
    IIOMetadataNode entry = new IIOMetadataNode("iTXtEntry");
    entry.setAttribute("keyword", keyword);
    entry.setAttribute("compressionFlag", "FALSE");
    entry.setAttribute("compressionMethod", "0");
    entry.setAttribute("languageTag", "");
    entry.setAttribute("translatedKeyword", "");
    entry.setAttribute("text", value);
    return entry;
  }

  private static void checkKeyword(String keyword) {
    if (keyword.isBlank() || keyword.length() > LONGEST_KEYWORD || !isLatin1(keyword)) {
      throw new IllegalArgumentException(
          "a PNG keyword has 1 to 79 Latin-1 characters, not '" + keyword + "'");
    }
  }

  private static boolean isLatin1(String text) {
    return StandardCharsets.ISO_8859_1.newEncoder().canEncode(text) && text.indexOf('\0') < 0;
  }
}
