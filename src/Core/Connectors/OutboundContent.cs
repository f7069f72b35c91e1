using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Orleans;

namespace Channels.Core.Connectors;

/// <summary>What a message on its way out is besides its text. The family is closed; a message without any is plain text.</summary>
/// <remarks>
/// The text of the message is the caption of a file and the body of an interactive message. A kind takes those whose <see cref="Capability"/> its
/// manifest names; whatever else reaches it is refused, never sent as something else. The JSON form is what the outbox stores.
/// </remarks>
[GenerateSerializer, Immutable, Alias("OutboundContent")]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(File), "file")]
[JsonDerivedType(typeof(Place), "location")]
[JsonDerivedType(typeof(Cards), "contacts")]
[JsonDerivedType(typeof(Reaction), "reaction")]
[JsonDerivedType(typeof(Template), "template")]
[JsonDerivedType(typeof(Interactive), "interactive")]
public abstract record OutboundContent
{
    private OutboundContent()
    {
    }

    /// <summary>What a kind's manifest must name among its capabilities to send this.</summary>
    [JsonIgnore]
    public abstract string Capability { get; }

    /// <summary>A file; exactly one of <paramref name="Url"/> and <paramref name="Reference"/> is given.</summary>
    /// <param name="Form">As what it is shown.</param>
    /// <param name="Url">Where the provider fetches it.</param>
    /// <param name="Reference">Its reference in the media store; the bytes come through <see cref="OutboundMessage.OpenFileAsync"/>.</param>
    /// <param name="Mime">Media type, where known.</param>
    /// <param name="FileName">The name the recipient sees.</param>
    [GenerateSerializer, Immutable, Alias("OutboundContent.File")]
    public sealed record File(
        [property: Id(0)] FileForm Form, [property: Id(1)] string? Url, [property: Id(2)] string? Reference, [property: Id(3)] string? Mime,
        [property: Id(4)] string? FileName) : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.MediaOut;
    }

    /// <summary>A place, in degrees (WGS 84).</summary>
    [GenerateSerializer, Immutable, Alias("OutboundContent.Place")]
    public sealed record Place(
        [property: Id(0)] double Latitude, [property: Id(1)] double Longitude, [property: Id(2)] string? Name, [property: Id(3)] string? Address) : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.LocationOut;
    }

    /// <summary>Contact cards.</summary>
    [GenerateSerializer, Immutable, Alias("OutboundContent.Cards")]
    public sealed record Cards([property: Id(0)] ImmutableArray<OutboundCard> Items) : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.ContactsOut;
    }

    /// <summary>A reaction to a message.</summary>
    /// <param name="Target">The provider's id of the message reacted to.</param>
    /// <param name="Emoji">Empty to take the reaction back.</param>
    /// <param name="TargetFromMe">Whether our side wrote that message; some providers address it by that.</param>
    /// <param name="TargetSender">The provider's id of the person who wrote it, in the form in which the chat knows its members; null where our side did, or nobody knows.</param>
    [GenerateSerializer, Immutable, Alias("OutboundContent.Reaction")]
    public sealed record Reaction([property: Id(0)] string Target, [property: Id(1)] string Emoji, [property: Id(2)] bool TargetFromMe, [property: Id(3)] string? TargetSender = null)
        : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.ReactionsOut;
    }

    /// <summary>A message the provider approved beforehand.</summary>
    /// <param name="Name">The template's name at the provider.</param>
    /// <param name="Language">Its language code (<c>en_US</c>).</param>
    /// <param name="ComponentsJson">The values for its places: the provider's own <c>components</c> array; null for none.</param>
    [GenerateSerializer, Immutable, Alias("OutboundContent.Template")]
    public sealed record Template([property: Id(0)] string Name, [property: Id(1)] string Language, [property: Id(2)] string? ComponentsJson) : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.Template;
    }

    /// <summary>Something to choose from, under the message's text: buttons, or a list behind one button. Exactly one of both is not empty.</summary>
    /// <param name="Header">A line above.</param>
    /// <param name="Footer">A line below.</param>
    /// <param name="Buttons">Buttons, in order.</param>
    /// <param name="ListLabel">What opens the list.</param>
    /// <param name="Sections">The list's parts, in order.</param>
    [GenerateSerializer, Immutable, Alias("OutboundContent.Interactive")]
    public sealed record Interactive(
        [property: Id(0)] string? Header, [property: Id(1)] string? Footer, [property: Id(2)] ImmutableArray<OutboundButton> Buttons,
        [property: Id(3)] string? ListLabel, [property: Id(4)] ImmutableArray<OutboundSection> Sections) : OutboundContent
    {
        /// <inheritdoc/>
        [JsonIgnore]
        public override string Capability => Capabilities.Interactive;
    }
}

/// <summary>As what a file is shown to the recipient.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FileForm>))]
public enum FileForm
{
    /// <summary>A picture.</summary>
    Image = 0,

    /// <summary>A film.</summary>
    Video,

    /// <summary>A piece of sound.</summary>
    Audio,

    /// <summary>A voice note.</summary>
    Voice,

    /// <summary>Any file.</summary>
    Document,

    /// <summary>A sticker.</summary>
    Sticker,
}

/// <summary>A contact to pass on; the phone in digits.</summary>
[GenerateSerializer, Immutable, Alias("OutboundCard")]
public sealed record OutboundCard([property: Id(0)] string Name, [property: Id(1)] string Phone);

/// <summary>A button: what comes back when it is pressed, and what it says.</summary>
[GenerateSerializer, Immutable, Alias("OutboundButton")]
public sealed record OutboundButton([property: Id(0)] string Id, [property: Id(1)] string Title);

/// <summary>A part of a list.</summary>
[GenerateSerializer, Immutable, Alias("OutboundSection")]
public sealed record OutboundSection([property: Id(0)] string? Title, [property: Id(1)] ImmutableArray<OutboundRow> Rows);

/// <summary>A row of a list: what comes back when it is chosen, and what it says.</summary>
[GenerateSerializer, Immutable, Alias("OutboundRow")]
public sealed record OutboundRow([property: Id(0)] string Id, [property: Id(1)] string Title, [property: Id(2)] string? Description);

/// <summary>The words a manifest names a kind's abilities to send by.</summary>
public static class Capabilities
{
#pragma warning disable CS1591 // The names are the documentation.
    public const string Text = "text";
    public const string MediaOut = "media_out";
    public const string LocationOut = "location_out";
    public const string ContactsOut = "contacts_out";
    public const string ReactionsOut = "reactions_out";
    public const string Template = "template";
    public const string Interactive = "interactive";
#pragma warning restore CS1591
}
