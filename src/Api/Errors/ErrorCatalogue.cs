namespace Channels.Api.Errors;

/// <summary>Every problem this API answers with: the list is closed, and <c>docs/errors.md</c> is held to it by a test.</summary>
internal static class ErrorCatalogue
{
    public static readonly ApiError BadRequest = new("bad_request", 400, "The request cannot be understood", "Check the request against the API's description.");
    public static readonly ApiError MalformedJson = new("malformed_json", 400, "The body is not valid JSON", "Send one JSON object in UTF-8, nested no deeper than 64 levels.");
    public static readonly ApiError InvalidParameter = new("invalid_parameter", 400, "A parameter of the path or the query, or a header, is not valid", "Correct the parameters listed under errors.");
    public static readonly ApiError TenantRequired = new("tenant_required", 400, "The operator key needs a tenant here", "Say for which tenant you act in the header X-Tenant-Id, or use a key of that tenant.");
    public static readonly ApiError Unauthenticated = new("unauthenticated", 401, "No valid key was presented", "Send Authorization: Bearer followed by a key that has not been revoked.");
    public static readonly ApiError WebhookUnauthenticated = new("webhook_unauthenticated", 401, "The webhook does not prove where it comes from", "Give the provider the channel's webhook secret; rotate it if it is lost.");
    public static readonly ApiError Forbidden = new("forbidden", 403, "This key may not do this", "Use the operator key for tenants, and a tenant's own key for what belongs to it.");
    public static readonly ApiError WebhookTokenWrong = new("webhook_token_wrong", 403, "The webhook's address is asked for with a wrong verify token", "Give the provider the channel's verify_token, or its webhook secret where it has none.");
    public static readonly ApiError NotFound = new("not_found", 404, "There is no such thing here", "Check the path and the id; it may have been deleted.");
    public static readonly ApiError MethodNotAllowed = new("method_not_allowed", 405, "This path does not take this method", "Use one of the methods in the Allow header.");
    public static readonly ApiError RequestTimeout = new("request_timeout", 408, "The body did not arrive in time", "Send the whole body without pauses.") { RetryAfter = 1 };
    public static readonly ApiError KindDisabled = new("kind_disabled", 409, "This channel kind is switched off for the tenant", "Switch it on with POST /api/channels/enable, then repeat the request.");
    public static readonly ApiError ChannelTaken = new("channel_taken", 409, "Another channel of this tenant is connected to the same account", "Use that channel, delete it first, or correct the fields listed under errors.");
    public static readonly ApiError WrongKind = new("wrong_channel_kind", 409, "This kind of channel cannot do this", "Use a channel of a kind that can: GET /api/channels lists what each kind is capable of.");
    public static readonly ApiError SeveralChannels = new("several_channels", 409, "Several channels could be meant", "Say which one with ?channel_id=; they are listed under errors.");
    public static readonly ApiError TitleTaken = new("title_taken", 409, "Another document of this collection has this title", "Replace that document with PUT, or give this one another title.");
    public static readonly ApiError WebhookAmbiguous = new("webhook_ambiguous", 409, "Several channels fit what this webhook shows", "Let the gateway post to the channel's own webhook_url, or show a secret that only this channel has.");
    public static readonly ApiError IdempotencyUnderWay = new("idempotency_under_way", 409, "A request with this Idempotency-Key is being carried out", "Wait and send the same request again to get its answer.") { RetryAfter = 2 };
    public static readonly ApiError TurnAnswered = new("turn_answered", 409, "This turn was answered before, with another reply", "Send further messages to the conversation itself.");
    public static readonly ApiError TurnExpired = new("turn_expired", 409, "The time for a reply to this turn is over", "Answer sooner, or raise the agent's reply_within_seconds; send further messages to the conversation itself.");
    public static readonly ApiError TurnOvertaken = new("turn_overtaken", 409, "A person answers this conversation", "Nothing: the reply is not sent. Resume the agent to let it answer again.");
    public static readonly ApiError WindowClosed = new("window_closed", 409, "The contact has not written for too long; the provider takes no free text now", "Wait until the contact writes again, or send a template that the provider has approved.");
    public static readonly ApiError OutcomeKnown = new("outcome_known", 409, "What became of this message is not open", "Look at its timeline. To say it once more, send it with POST /api/v1/conversations/{id}/messages.");
    public static readonly ApiError EventsGone = new("events_gone", 410, "Events that this cursor has not seen are gone", "Repeat the request with after = this answer's cursor: it goes on with what is kept. Read what was missed from the conversations: GET /api/v1/conversations, and the messages of each.");
    public static readonly ApiError TooLarge = new("too_large", 413, "The body is too large", "Webhooks and previews may have 4 MB, files to be sent 32 MB, everything else 1 MB.");
    public static readonly ApiError UnsupportedMediaType = new("unsupported_media_type", 415, "The body comes in a form that is not taken here", "Send it as it is: not compressed, and without Content-Encoding.");
    public static readonly ApiError InvalidFields = new("invalid_fields", 422, "Fields are missing or not valid", "Correct the fields listed under errors; all complaints are listed at once.");
    public static readonly ApiError IdempotencyKeyReused = new("idempotency_key_reused", 422, "This Idempotency-Key was used for another request", "Use a new key for a new request.");
    public static readonly ApiError ProviderRefused = new("provider_refused", 422, "The provider refused", "Read the detail, correct the channel's settings or the gateway, and activate again.");
    public static readonly ApiError TooManyUploads = new("too_many_uploads", 429, "The tenant is sending several files already", "Send at most four files at once; send this one again after a moment. Nothing of it was kept.") { RetryAfter = 2 };
    public static readonly ApiError InternalError = new("internal_error", 500, "Something went wrong on our side", "Try again; if it stays, tell the operator the trace id.");
    public static readonly ApiError ProviderUnreachable = new("provider_unreachable", 502, "The provider or its gateway does not answer", "Check the address, and that the provider or the gateway to it can be reached from here, then activate again.") { RetryAfter = 10 };
    public static readonly ApiError StoreUnavailable = new("store_unavailable", 503, "The store does not answer; nothing was done", "Send the same request again after a moment.") { RetryAfter = 2 };
    public static readonly ApiError MediaUnavailable = new("media_unavailable", 503, "Files cannot be kept; nothing was done", "Send the same file again after a moment; if it stays, tell the operator what the detail says.") { RetryAfter = 2 };
    public static readonly ApiError InboxFull = new("inbox_full", 503, "More webhooks are waiting than can be held", "Send the same webhook again after a moment; nothing of it was kept.") { RetryAfter = 2 };
    public static readonly ApiError UploadsFull = new("uploads_full", 503, "More files are being sent than can be held", "Send the same file again after a moment; nothing of it was kept.") { RetryAfter = 2 };
    public static readonly ApiError Busy = new("busy", 503, "The part of the product that carries this out did not answer in time", "Look whether it was done, then send the same request again.") { RetryAfter = 5 };
    public static readonly ApiError NotReady = new("not_ready", 503, "The product is not ready", "Read the detail; wait until the store answers, takes writes, and its schema is up to date.") { RetryAfter = 2 };

    /// <summary>All of them, by status and code.</summary>
    public static IReadOnlyList<ApiError> All { get; } =
    [
        BadRequest, MalformedJson, InvalidParameter, TenantRequired, Unauthenticated, WebhookUnauthenticated, Forbidden, WebhookTokenWrong, NotFound, MethodNotAllowed,
        RequestTimeout, KindDisabled, ChannelTaken, WrongKind, SeveralChannels, TitleTaken, WebhookAmbiguous, IdempotencyUnderWay, TurnAnswered, TurnExpired, TurnOvertaken, WindowClosed, OutcomeKnown, EventsGone, TooLarge,
        UnsupportedMediaType, InvalidFields, IdempotencyKeyReused, ProviderRefused, TooManyUploads, InternalError, ProviderUnreachable, StoreUnavailable, MediaUnavailable, InboxFull, UploadsFull, Busy,
        NotReady,
    ];

    /// <summary>What to answer where the server itself chose only a status.</summary>
    public static ApiError ForStatus(int status) => status switch
    {
        401 => Unauthenticated,
        403 => Forbidden,
        404 => NotFound,
        405 => MethodNotAllowed,
        408 => RequestTimeout,
        413 => TooLarge,
        415 => UnsupportedMediaType,
        503 => StoreUnavailable,
        >= 500 => InternalError,
        _ => BadRequest,
    };
}
